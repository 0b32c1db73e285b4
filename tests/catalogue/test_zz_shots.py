import os, shutil, pytest
from playwright.sync_api import sync_playwright
from django.test import override_settings
from pytest_django.live_server_helper import LiveServer
from published import content, published, ASSESSED
from jutong.slices.catalogue import actions
QUIET=["--no-sandbox","--disable-gpu","--disable-quic","--no-first-run","--disable-background-networking"]
@pytest.mark.django_db(transaction=True)
def test_shots(world):
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]="1"
    ids=[published(world,"police",title=t) for t in ("户籍人口信息","户籍迁移记录")]
    published(world,"civil")
    e=actions.compile_entry(by=world.actor("civil.officer"),at=world.at,provider_id=world.department("civil"),content=content("临时救助对象"))
    actions.assess(e,by=world.actor("civil.secrecy"),at=world.at,**ASSESSED); actions.leader_approve(e,by=world.actor("civil.leader"),at=world.at); actions.submit(e,by=world.actor("civil.officer"),at=world.at)
    import io
    from jutong.kernel.actors import system_actor
    csv="标题,摘要,更新频率,开放类型\n甲,一,每年,可开放\n乙,二,常常,可开放\n".encode()
    run=actions.upload(io.BytesIO(csv),"目录.csv",by=world.actor("civil.officer"),at=world.at)
    run2=actions.upload(io.BytesIO(csv),"目录.csv",by=world.actor("civil.officer"),at=world.at)
    actions.choose_mapping(run2.pk,by=world.actor("civil.officer"),at=world.at); world.drain()
    clients={k:world.client(k) for k in ("civil.officer","market.clerk","authority.reviewer")}
    pages=[("market.clerk","/catalogue/?q=户籍","search"),("market.clerk",f"/catalogue/{ids[0]}/","entry"),("civil.officer","/catalogue/own/","own"),("civil.officer","/catalogue/new/","new"),("authority.reviewer","/catalogue/review/","review"),("authority.reviewer",f"/catalogue/{e.pk}/do/return_entry/","return"),("civil.officer",f"/catalogue/import/{run.pk}/","mapping"),("civil.officer",f"/catalogue/import/{run2.pk}/","result"),("civil.officer","/catalogue/import/","imports"),("authority.reviewer",f"/catalogue/{e.pk}/","case"),("civil.officer",f"/catalogue/{ids[0]}/versions/","versions")]
    with override_settings(ALLOWED_HOSTS=["localhost"],DEBUG=True):
        server=LiveServer("localhost")
        with sync_playwright() as p:
            b=p.chromium.launch(executable_path="/usr/bin/chromium",args=QUIET)
            for width in (1440,390):
                for who,url,name in pages:
                    ctx=b.new_context(viewport={"width":width,"height":900},locale="zh-CN")
                    c=clients[who].cookies["sessionid"]
                    ctx.add_cookies([{"name":"sessionid","value":c.value,"url":server.url}])
                    pg=ctx.new_page(); bad=[]
                    pg.on("console",lambda m: bad.append(m.text) if m.type=="error" else None)
                    pg.goto(server.url+url); 
                    if name=="new" and width==1440:
                        pg.click("#add-row"); pg.wait_for_timeout(700); print("TOTAL", pg.input_value("#id_items-TOTAL_FORMS"), pg.locator("#item-rows tr").count()); pg.fill("#id_title","户籍测试系统"); pg.press("#id_title","Tab"); pg.wait_for_timeout(1500)
                    pg.wait_for_timeout(200)
                    w=pg.evaluate("document.documentElement.scrollWidth")
                    print(name,width,w,bad)
                    pg.screenshot(path=f"/tmp/catalogue/shots/{name}-{width}.png",full_page=True)
                    ctx.close()
            b.close()
        server.stop()
