"""Settings of the control plane, from the environment: each with its meaning, so that the manual can list them."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_home() -> Path:
    """Return the data directory when JUTONG_HOME is unset: /var/lib/jutong as root, else below ~/.local/share."""
    return Path("/var/lib/jutong") if os.geteuid() == 0 else Path.home() / ".local/share/jutong"


class Settings(BaseSettings):
    """Everything an administrator may set; names are the environment's with the prefix JUTONG_."""

    model_config = SettingsConfigDict(env_prefix="JUTONG_", extra="ignore")

    home: Path = Field(default_factory=default_home, description="数据目录：密钥、附件、批量文件、日志、内置数据库。")
    database_url: str = Field("", description="PostgreSQL 连接地址；留空则使用内置数据库。")
    key_passphrase_file: Path | None = Field(
        None, description="密钥口令文件（权限 0600）；留空则由平台在密钥目录自动生成。"
    )
    web_origin: str = Field("http://127.0.0.1:8000", description="网站对外地址，用于链接与安全 Cookie。")
    gateway_origin: str = Field("http://127.0.0.1:8010", description="网关对外地址，显示在接口说明中，并用于批量下载。")
    probe_origin: str = Field("http://127.0.0.1:8021", description="数据面探测服务的内部地址。")
    allowed_hosts: list[str] = Field(["127.0.0.1", "localhost", "[::1]", "testserver"], description="允许的主机名。")
    debug: bool = Field(False, description="开发模式；生产环境必须为假。")
    tls: bool = Field(False, description="网站经 TLS 提供：启用 HSTS 与安全 Cookie。")
    trusted_proxies: list[str] = Field([], description="可信反向代理的网段，只有它们给出的来源地址才被采用。")
    admin_addresses: list[str] = Field([], description="管理员页面的地址名单（网段）；留空为不限。")
    zone: Literal["outer", "inner"] = Field(
        "outer", description="本实例所在网络区域：outer 政务外网，只编非涉密目录；inner 政务内网，只编涉密目录。"
    )
    region: str = Field("", description="本实例所属行政区划代码；留空取目录中最高一级区划。")
    session_idle_minutes: int = Field(20, ge=5, le=60, description="会话空闲超时（分钟）。")
    session_hours: int = Field(8, ge=1, le=12, description="会话最长时间（小时）。")
    password_length: int = Field(10, ge=8, description="口令最短长度。")
    password_days: int = Field(90, ge=1, description="口令有效期（天）。")
    password_history: int = Field(5, ge=1, description="不得与最近几次口令相同。")
    lock_failures: int = Field(5, ge=3, le=10, description="连续登录失败几次后锁定。")
    lock_minutes: int = Field(20, ge=15, le=60, description="锁定时长（分钟）。")
    second_factor: bool = Field(False, description="所有账号必须启用第二因素（动态口令）。")
    represented_heads: bool = Field(
        True, description="共享工作机构负责人（含副职）外出期间可否委托本部门人员代行同意；为假时只能由本人作出。"
    )
    upload_limit: int = Field(50 * 1024 * 1024, description="单个上传文件的最大字节数。")
    rate_per_minute: int = Field(600, ge=10, description="每个账号每分钟的请求上限。")
    sign_in_rate_per_minute: int = Field(30, ge=5, description="每个来源地址每分钟的登录请求上限。")
    bundle_minutes: int = Field(15, ge=1, le=1440, description="授权包有效期（分钟）：数据面断联后最多继续服务多久。")
    seal_lag_alarm: int = Field(30, ge=5, description="审计封存滞后超过多少秒报警。")
    outbox_lag_alarm: int = Field(60, ge=5, description="事件最早一条等待投递超过多少秒视为后台任务异常。")
    least_free_mb: int = Field(300, ge=50, description="数据目录所在磁盘至少应有的空间（MB），低于它视为故障。")
    metrics_addresses: list[str] = Field(
        ["127.0.0.1", "::1"], description="可读取运行指标（/metrics）的地址名单（网段）；经反向代理时按来源地址判断。"
    )
    worker_metrics: str = Field("127.0.0.1:8031", description="后台任务进程的指标监听地址；留空为不提供。")
    log_format: Literal["text", "json"] = Field("text", description="日志格式：text 文本，json 每行一个 JSON。")
    progress_days: int = Field(30, ge=1, description="已结束的后台任务记录保留多少天。")
    security_assessment_months: int = Field(
        12, ge=1, le=60, description="部门共享安全性评估的间隔（月）；超过它没有评估的部门会被列出。"
    )
    inbox_days: int = Field(365, ge=30, description="消息通知保留多少天。")
    event_days: int = Field(90, ge=7, description="已投递或已跳过的事件保留多少天。")
    quarantine_days: int = Field(
        90, ge=1, description="交换中被隔离的问题行，其加密留存的原文保留多少天；期满清除，行数、位置与原因保留。"
    )
    orphan_file_days: int = Field(7, ge=1, description="没有任何登记的附件文件保留多少天后清除。")
    archive_folder: Path | None = Field(
        None, description="期满清除前写出归档包的目录；留空为数据目录下的 archive。写不成归档包的，不清除。"
    )
    audit_retention_years: int = Field(
        3, ge=3, description="审计记录保存年限，不少于 3 年（政务数据共享条例第二十九条）。"
    )
    use_record_months: Literal[1, 2, 3, 4, 6, 12] = Field(
        6, description="使用记录的填报周期（月），自每年一月起算；期末缺内容的，列为记录不完整。"
    )
    oidc_issuer: str = Field("", description="统一身份认证（OIDC）签发者地址；留空为不启用。")
    oidc_client_id: str = Field("", description="统一身份认证的客户端标识。")
    oidc_client_secret_file: Path | None = Field(None, description="统一身份认证的客户端密钥文件。")
    certificate_authorities: Path | None = Field(None, description="SM2 证书登录信任的签发者证书目录（DER 或 PEM）。")
    node_algorithms: list[str] = Field(
        [], description="接受的前置机密码算法（如 SM2、SM4-GCM）；留空为不限，政策规则另有规定的从其规定。"
    )
    node_certificate_days: int = Field(730, ge=1, description="前置机证书有效期（天），到期前 60 天内自动换发。")
    enrolments_per_minute: int = Field(10, ge=1, description="每个来源地址每分钟的前置机签收请求上限。")
    lineage_url: str = Field("", description="OpenLineage 血缘事件发送地址；留空则只写入数据目录下的 lineage 目录。")
    source_check_minutes: int = Field(
        10, ge=0, description="数据源连接自动巡检的间隔（分钟）；0 为不巡检，只由工程师手工测试。"
    )
    outgoing_hosts: list[str] = Field(
        [], description="平台可以主动访问的外部主机名单，如血缘服务；不在名单内的不访问。"
    )
    outgoing_networks: list[str] = Field(
        [], description="外部主机名单内的主机可以位于的内部网段；不在其中的只允许公网地址，防止借推送访问内网。"
    )
    outgoing_authorities: Path | None = Field(
        None, description="外部主机 TLS 证书的签发者证书文件（PEM）；留空用操作系统信任的签发者。"
    )
    smtp_url: str = Field(
        "",
        description="邮件提醒的发送服务器：smtp://、smtp+starttls:// 或 smtps://用户@主机:端口；留空为不发邮件。口令另放文件。",
    )
    smtp_password_file: Path | None = Field(None, description="邮件发送账号的口令文件（权限 0600）。")
    mail_from: str = Field("jutong@localhost", description="提醒邮件的发件人地址。")
    reminder_days: int = Field(90, ge=7, description="已发送或未能发送的提醒记录保留多少天。")
    designation_days: int = Field(
        20, ge=1, le=366, description="明确数源部门的内部时限（工作日）；逾期仍未明确的，上级主管部门可以看到。"
    )
    dispute_days: int = Field(
        30,
        ge=1,
        le=366,
        description="协调共享争议的内部时限（工作日）；主管部门逾期没有任何办理的，上级主管部门可以看到。",
    )
    service_stop_days: int = Field(
        3,
        ge=1,
        le=366,
        description="未经备案停止的服务持续几个工作日后列为拟提问题（条例第三十九条第七项；法规没有规定天数）。",
    )
    complaint_days: int = Field(
        20, ge=1, le=366, description="投诉、举报办理的内部时限（工作日）；只作内部提示，不是法定期限。"
    )
    aggregation_resources: int = Field(
        3,
        ge=2,
        le=50,
        description="同一部门持有的、可以互相关联的个人信息资源达到几项时提示汇聚风险；法规没有规定数目。含较高级别数据的，两项即提示。",
    )
    agreement_warning_days: int = Field(
        30, ge=1, le=366, description="共享协议期满前多少天（自然日）提醒各当事方续签。"
    )
    ended_grant_alert_calls: int = Field(
        3,
        ge=1,
        le=1000,
        description="同一业务系统一天内以已暂停或已结束的授权调用、下载达到几次时，向提供部门和审计员预警；未达到的只记入审计。",
    )
    demo: bool = Field(False, description="演示模式：允许数据源位于本机，登录页列出演示账号。")


@cache
def settings() -> Settings:
    """Return the settings read once at the start."""
    return Settings()
