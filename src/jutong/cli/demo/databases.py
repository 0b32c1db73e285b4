"""The demo city's department databases: 200,000 persons and 50,000 enterprises, synthetic, with valid check digits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, LiteralString

import psycopg
from psycopg import sql

from jutong.cli.postgres import SUPERUSER, Server

PERSONS: Final = 200_000
ENTERPRISES: Final = 50_000


@dataclass(frozen=True, slots=True)
class Place:
    """A department's database and the role that may use it."""

    database: str
    role: str


POLICE: Final = Place("demo_police", "demo_police_reader")
MARKET: Final = Place("demo_market", "demo_market_reader")
HR: Final = Place("demo_hr", "demo_hr_writer")

_POPULATION: LiteralString = """
create table population (
    id_number varchar(18) primary key, name varchar(50) not null, sex char(1) not null, birthday date not null,
    ethnicity varchar(20), household_division char(6), address varchar(200), phone varchar(20), state varchar(10),
    registered_on date, updated_at timestamp not null
);
comment on table population is '人口基本信息';
comment on column population.id_number is '公民身份号码';
comment on column population.name is '姓名';
comment on column population.sex is '性别';
comment on column population.birthday is '出生日期';
comment on column population.ethnicity is '民族';
comment on column population.household_division is '户籍行政区划';
comment on column population.address is '户籍地址';
comment on column population.phone is '联系电话';
comment on column population.state is '人口状态';
comment on column population.registered_on is '登记日期';
comment on column population.updated_at is '更新时间';
insert into population
with drawn as (
    select n,
        (array['369002','369003','369021','369022','369023','369081'])[1 + n %% 6] as division,
        date '1940-01-01' + (n * 7919 %% 29200)::int as birthday,
        substr('王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗', 1 + (n * 31 %% 20)::int, 1) as family,
        substr('伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚', 1 + (n * 17 %% 20)::int, 1)
            || case when n %% 3 = 0 then '' else substr('文博雅欣宇晨佳思嘉子', 1 + (n * 13 %% 10)::int, 1) end as given
      from generate_series(1, %(persons)s::bigint) as n
), numbered as (
    select *, division || to_char(birthday, 'YYYYMMDD')
        || lpad((row_number() over (partition by division, birthday order by n) %% 1000)::text, 3, '0') as head
      from drawn
)
select head || substr('10X98765432', 1 + (
        substr(head,1,1)::int*7 + substr(head,2,1)::int*9 + substr(head,3,1)::int*10 + substr(head,4,1)::int*5
      + substr(head,5,1)::int*8 + substr(head,6,1)::int*4 + substr(head,7,1)::int*2 + substr(head,8,1)::int*1
      + substr(head,9,1)::int*6 + substr(head,10,1)::int*3 + substr(head,11,1)::int*7 + substr(head,12,1)::int*9
      + substr(head,13,1)::int*10 + substr(head,14,1)::int*5 + substr(head,15,1)::int*8 + substr(head,16,1)::int*4
      + substr(head,17,1)::int*2) %% 11, 1),
    family || given,
    case when substr(head, 17, 1)::int %% 2 = 1 then '1' else '2' end,
    birthday,
    (array['汉族','汉族','汉族','汉族','汉族','汉族','回族','苗族','畲族','壮族'])[1 + (n %% 10)::int],
    division,
    '江州市' || (array['城东区','城西区','临川县','青山县','云溪县','石桥市'])[1 + (n %% 6)::int]
        || (array['人民路','建设路','解放街','滨江大道','文化巷','新华街'])[1 + (n * 11 %% 6)::int] || (n %% 300 + 1) || '号',
    '13' || lpad((n * 7907 %% 1000000000)::text, 9, '0'),
    case when n %% 97 = 0 then '迁出' when n %% 131 = 0 then '注销' else '正常' end,
    greatest(birthday, date '1984-01-01'),
    timestamp '2026-01-01' + make_interval(mins => (n %% 400000)::int)
  from numbered;
"""

_ENTERPRISES: LiteralString = """
create table enterprise (
    uscc varchar(18) primary key, name varchar(120) not null, kind varchar(40), legal_representative varchar(50),
    capital numeric(18,2), established_on date, division char(6), address varchar(200), scope text, state varchar(20),
    approved_on date, updated_at timestamp not null
);
comment on table enterprise is '企业登记信息';
comment on column enterprise.uscc is '统一社会信用代码';
comment on column enterprise.name is '企业名称';
comment on column enterprise.kind is '企业类型';
comment on column enterprise.legal_representative is '法定代表人';
comment on column enterprise.capital is '注册资本（万元）';
comment on column enterprise.established_on is '成立日期';
comment on column enterprise.division is '行政区划';
comment on column enterprise.address is '住所';
comment on column enterprise.scope is '经营范围';
comment on column enterprise.state is '登记状态';
comment on column enterprise.approved_on is '核准日期';
comment on column enterprise.updated_at is '更新时间';
insert into enterprise
with drawn as (
    select n, (array['369002','369003','369021','369022','369023','369081'])[1 + (n %% 6)::int] as division,
        lpad((n * 104729 %% 100000000)::text, 8, '0') as subject
      from generate_series(1, %(enterprises)s::bigint) as n
), organised as (
    select *, subject || case checked when 10 then 'X' when 11 then '0' else checked::text end as organ
      from (select *, 11 - (substr(subject,1,1)::int*3 + substr(subject,2,1)::int*7 + substr(subject,3,1)::int*9
                + substr(subject,4,1)::int*10 + substr(subject,5,1)::int*5 + substr(subject,6,1)::int*8
                + substr(subject,7,1)::int*4 + substr(subject,8,1)::int*2) %% 11 as checked from drawn) as counted
), headed as (
    select *, '91' || division || organ as head from organised
)
select head || substr('0123456789ABCDEFGHJKLMNPQRTUWXY', 1 + ((31 - (
        select sum((strpos('0123456789ABCDEFGHJKLMNPQRTUWXY', substr(head, i, 1)) - 1)
                 * (array[1,3,9,27,19,26,16,17,20,29,25,13,8,24,10,30,28])[i])
          from generate_series(1, 17) as i) %% 31) %% 31)::int, 1),
    '江州' || (array['宏达','瑞丰','金桥','华信','永盛','新源','云帆','博远','恒基','众诚'])[1 + (n * 7 %% 10)::int]
        || (array['科技','商贸','建材','食品','物流','农业','餐饮','电子','服饰','环保'])[1 + (n * 3 %% 10)::int]
        || n || (array['有限公司','有限责任公司','股份有限公司'])[1 + (n %% 3)::int],
    (array['有限责任公司','股份有限公司','个人独资企业','合伙企业'])[1 + (n %% 4)::int],
    substr('王李张刘陈杨赵黄周吴', 1 + (n * 31 %% 10)::int, 1) || substr('伟芳娜敏静丽强磊军洋', 1 + (n * 17 %% 10)::int, 1),
    round((10 + n * 37 %% 5000)::numeric, 2),
    date '1995-01-01' + (n * 613 %% 11000)::int,
    division,
    '江州市' || (array['城东区','城西区','临川县','青山县','云溪县','石桥市'])[1 + (n %% 6)::int] || '工业路' || (n %% 200 + 1) || '号',
    '技术开发、技术服务；货物销售',
    case when n %% 11 = 0 then '注销' when n %% 23 = 0 then '吊销' else '存续' end,
    date '2020-01-01' + (n %% 2000)::int,
    timestamp '2026-01-01' + make_interval(mins => (n %% 400000)::int)
  from headed;
"""


def build(server: Server) -> None:
    """Make the three databases where they are missing; each role's password lies among the instance's secrets."""
    with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as admin:
        for place in (POLICE, MARKET, HR):
            _role(admin, place.role, password(server, place))
            name = sql.Identifier(place.database)
            if not admin.execute("select 1 from pg_database where datname = %s", [place.database]).fetchone():
                admin.execute(sql.SQL("create database {}").format(name))
                admin.execute(sql.SQL("revoke all on database {} from public").format(name))
            admin.execute(
                sql.SQL("grant connect, temporary on database {} to {}").format(name, sql.Identifier(place.role))
            )
    _fill(server, POLICE, "population", _POPULATION, {"persons": PERSONS})
    _fill(server, MARKET, "enterprise", _ENTERPRISES, {"enterprises": ENTERPRISES})
    with psycopg.connect(server.url(SUPERUSER, HR.database), autocommit=True) as admin:
        admin.execute(sql.SQL("grant create, usage on schema public to {}").format(sql.Identifier(HR.role)))


def password(server: Server, place: Place) -> str:
    """Return the password of a department's role."""
    return server.home.secret(f"postgres.{place.role}")


def _role(admin: psycopg.Connection, name: str, secret: str) -> None:
    verb = "alter" if admin.execute("select 1 from pg_roles where rolname = %s", [name]).fetchone() else "create"
    admin.execute(
        sql.SQL("{} role {} login nosuperuser password {}").format(
            sql.SQL(verb), sql.Identifier(name), sql.Literal(secret)
        )
    )


def _fill(server: Server, place: Place, table: str, statement: LiteralString, values: dict[str, int]) -> None:
    with psycopg.connect(server.url(SUPERUSER, place.database)) as admin:
        found = admin.execute("select to_regclass(%s)", [table]).fetchone()
        if not found or found[0] is None:
            psycopg.ClientCursor(admin).execute(statement, values)
        admin.execute(sql.SQL("grant usage on schema public to {}").format(sql.Identifier(place.role)))
        admin.execute(sql.SQL("grant select on all tables in schema public to {}").format(sql.Identifier(place.role)))
