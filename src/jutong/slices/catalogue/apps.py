"""The slice's Django label, its place in the navigation and on the workbench."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.models import Q


class Catalogue(AppConfig):
    """Label `catalogue`."""

    name = "jutong.slices.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear events, register long work, offer pages and chores."""
        from jutong.kernel import subjects
        from jutong.kernel.faces.shell import search_at
        from jutong.kernel.terms import N_
        from jutong.slices.catalogue import reactions, workflow  # noqa: F401 - importing registers

        search_at("catalogue")
        subjects.register(
            {
                "catalogue": N_("目录"),
                "catalogue.entry": N_("目录条目"),
                "catalogue.importrun": N_("目录导入"),
                "catalogue.question": N_("目录问答"),
                "catalogue.savedsearch": N_("我的检索与订阅"),
                "catalogue.party": N_("数源认定"),
                "catalogue.declaration": N_("普查填报"),
                "catalogue.lead": N_("牵头部门"),
                "catalogue.office": N_("目录管理部门"),
                "catalogue.consulted": N_("属性定级提请"),
                "catalogue.demand": N_("数据需求"),
                "catalogue.reviewbatch": N_("批量审核"),
                "catalogue.securityfinding": N_("共享安全性评估"),
            }
        )
        _offer_pages()
        _offer_ways()
        _offer_answering()
        _offer_panels()
        _offer_chores()
        _offer_census()


def _offer_pages() -> None:
    from jutong.kernel.actors import ADMINISTRATORS, Actor, Role
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.terms import N_

    def does_business(actor: Actor) -> bool:
        return not actor.roles <= ADMINISTRATORS

    def compiles(actor: Actor) -> bool:
        return actor.holds(
            Role.DATA_OFFICER, Role.SECRECY_OFFICER, Role.DEPARTMENT_LEADER, Role.PRINCIPAL, Role.SHARING_UNIT_HEAD,
            Role.SHARING_UNIT_DEPUTY, Role.LIAISON,
        )  # fmt: skip

    def reviews(actor: Actor) -> bool:
        return actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD)

    def knows_updates(actor: Actor) -> bool:
        return compiles(actor) or reviews(actor) or actor.holds(Role.AUDITOR)

    def imports(actor: Actor) -> bool:
        return actor.holds(Role.DATA_OFFICER, Role.PLATFORM_OPERATOR)

    register(
        Entry(Group.CATALOGUE, N_("目录检索"), "catalogue", "search", does_business, order=10),
        Entry(Group.CATALOGUE, N_("本部门目录"), "catalogue_own", "folder", compiles, order=20, also=("catalogue_new",)),
        Entry(Group.CATALOGUE, N_("目录审核发布"), "catalogue_review", "checklist", reviews, order=30),
        Entry(Group.CATALOGUE, N_("目录更新任务"), "catalogue_updates", "refresh-alert", knows_updates, order=35),
        Entry(
            Group.CATALOGUE, N_("目录监督"), "catalogue_supervision", "heartbeat", knows_updates, order=37,
            also=("catalogue_health",),
        ),
        Entry(Group.CATALOGUE, N_("目录变更"), "catalogue_revisions", "git-pull-request", knows_updates, order=38),
        Entry(Group.CATALOGUE, N_("数源与采集责任"), "catalogue_sources", "target", does_business, order=39),
        Entry(Group.CATALOGUE, N_("数据需求与供需对接"), "catalogue_demands", "arrows-exchange", does_business, order=42),
        Entry(Group.CATALOGUE, N_("目录导入"), "catalogue_imports", "file-import", imports, order=40),
        Entry(Group.CATALOGUE, N_("编目指导与问答"), "catalogue_questions", "message-question", does_business, order=45),
    )  # fmt: skip


def _offer_ways() -> None:
    """Offer the ways of finding beside the search itself."""
    from jutong.kernel.actors import ADMINISTRATORS, Actor, Role
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.terms import N_

    def does_business(actor: Actor) -> bool:
        return not actor.roles <= ADMINISTRATORS

    def keeps_words(actor: Actor) -> bool:
        return actor.holds(Role.AUTHORITY_REVIEWER, Role.AUTHORITY_HEAD, Role.PLATFORM_OPERATOR)

    register(
        Entry(Group.CATALOGUE, N_("目录树"), "catalogue_tree", "sitemap", does_business, order=12),
        Entry(Group.CATALOGUE, N_("数据地图"), "catalogue_map", "map-2", does_business, order=14),
        Entry(Group.CATALOGUE, N_("我的检索与订阅"), "catalogue_saved", "bookmark", does_business, order=16),
        Entry(Group.CATALOGUE, N_("检索同义词"), "catalogue_synonyms", "vocabulary", keeps_words, order=45),
    )


def _offer_answering() -> None:
    """Offer the pages of who answers for what, and findings to workbenches."""
    from jutong.kernel import agenda
    from jutong.kernel.actors import ADMINISTRATORS, Actor
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.terms import N_

    def does_business(actor: Actor) -> bool:
        return not actor.roles <= ADMINISTRATORS

    register(
        Entry(Group.CATALOGUE, N_("地区目录"), "catalogue_regional", "building-community", does_business, order=13),
        Entry(
            Group.CATALOGUE, N_("牵头与目录管理"), "catalogue_leads", "flag", does_business, order=39,
            also=("catalogue_offices", "catalogue_filings", "catalogue_faults"),
        ),
    )  # fmt: skip
    agenda.register(
        agenda.Chore(
            "catalog_finding",
            verbs=("confirm", "order", "put_right", "verify"),
            page="catalogue_fault",
            title=lambda case: case.text[:60],
            who=lambda case: case.department.name,
            related=("department",),
        )
    )


def _offer_panels() -> None:
    """Offer to an entry's page how alive it is, what was asked about it, and how it is quoted."""
    from jutong.kernel.actors import ADMINISTRATORS, Actor
    from jutong.kernel.panels import Panel, register
    from jutong.kernel.terms import N_
    from jutong.slices.catalogue import queries

    def does_business(actor: Actor) -> bool:
        return not actor.roles <= ADMINISTRATORS

    register("entry", Panel("pulse", N_("目录"), 10, does_business, queries.lights_panel, ""))
    asked = Panel(
        "questions", N_("评议与问答"), 90, does_business, queries.questions_panel, "catalogue/questions_panel.html"
    )
    register("entry", asked)
    cited = Panel("citing", N_("引用与机器可读形式"), 95, does_business, queries.cited, "catalogue/panel_citing.html")
    register("entry", cited)


def _offer_chores() -> None:
    from jutong.kernel import agenda
    from jutong.slices.catalogue.pages import consenting

    returned = Q(state="returned")
    agenda.register(
        agenda.Chore(
            "catalog_entry",
            verbs=("assess", "leader_approve", "submit", "amend", "amend_revision", "review", "determine", "publish"),
            page="catalogue_entry",
            title=lambda entry: entry.title,
            who=lambda entry: entry.provider_name,
            only={"amend": returned, "amend_revision": returned},
            decision=consenting.ENTRY,
        )
    )
    agenda.register(
        agenda.Chore(
            "catalog_update",
            verbs=("report", "extend"),
            page="catalogue_update",
            title=lambda update: update.occasion,
            who=lambda update: update.provider.name,
            related=("provider",),
            only={"extend": Q(extension_asked__has_key="days") & ~Q(extension_asked__has_key="refused")},
            overseer="authority_id",
            decision=consenting.UPDATE,
        )
    )
    for chore in (*_source_chores(), *_safety_chores()):
        agenda.register(chore)
    agenda.register(_demand_chore())


def _demand_chore() -> Any:
    """Return what of demands waits: the authority's decisions, and what is given to a provider and linked to nothing yet."""
    from jutong.kernel import agenda

    return agenda.Chore(
        "demand",
        verbs=("accept", "make_gap", "assign", "compile_for", "decline"),
        page="catalogue_demand",
        title=lambda case: case.wanted,
        who=lambda case: case.consumer.name,
        related=("consumer",),
        only=dict.fromkeys(("make_gap", "assign", "compile_for", "decline"), Q(entry=None)),
        overseer="authority_id",
    )


def _source_chores() -> list[Any]:
    from jutong.kernel import agenda

    return [
        agenda.Chore(
            "source_designation",
            verbs=("ask_opinions", "designate"),
            page="catalogue_designation",
            title=lambda case: "、".join(item.name for item in case.items.all()[:3]),
            related=("authority",),
        ),
        agenda.Chore(
            "source_task",
            verbs=("do",),
            page="catalogue_source_task",
            title=lambda case: case.text[:60],
            who=lambda case: case.source.name,
            related=("source",),
        ),
        agenda.Chore(
            "duty_list",
            verbs=("issue",),
            page="catalogue_duty_list",
            title=lambda case: case.region,
            related=("authority",),
        ),
        agenda.Chore(
            "attribute_referral",
            verbs=("consult", "decide"),
            page="catalogue_referral",
            title=lambda case: case.entry.title,
            who=lambda case: case.provider.name,
            related=("entry", "provider"),
        ),
    ]


def _offer_census() -> None:
    """Offer the census to those who declare, and to those who hold or audit it."""
    from jutong.kernel import agenda
    from jutong.kernel.actors import Actor, Role
    from jutong.kernel.faces.navigation import Entry, Group, register
    from jutong.kernel.terms import N_
    from jutong.slices.catalogue.workflow import AUTHORITY
    from jutong.slices.catalogue.workflow.sources import STAFF

    def takes_part(actor: Actor) -> bool:
        return actor.holds(*STAFF, *AUTHORITY.roles, Role.AUDITOR)

    register(Entry(Group.CATALOGUE, N_("信息资源普查"), "catalogue_censuses", "clipboard-list", takes_part, order=36))
    agenda.register(
        agenda.Chore(
            "census_declaration",
            verbs=("declare",),
            page="catalogue_declaration",
            title=lambda case: case.census.title,
            who=lambda case: case.department.name,
            related=("census", "department"),
        )
    )


def _safety_chores() -> list[Any]:
    """Return what waits of assessments, important data and security assessments of sharing."""
    from jutong.kernel import agenda
    from jutong.slices.catalogue.pages import consenting

    return [
        agenda.Chore(
            "impact_assessment",
            verbs=("approve",),
            page="catalogue_assessment",
            title=lambda case: case.entry.title,
            who=lambda case: case.provider.name,
            related=("entry", "provider"),
            decision=consenting.ASSESSMENT,
        ),
        agenda.Chore(
            "important_data",
            verbs=("report", "confirm"),
            page="catalogue_important",
            title=lambda case: case.entry.title,
            who=lambda case: case.provider.name,
            related=("entry", "provider"),
        ),
        agenda.Chore(
            "sharing_security_assessment",
            verbs=("conclude", "close"),
            page="catalogue_security_assessment",
            title=lambda case: case.scope[:60],
            who=lambda case: case.department.name,
            related=("department",),
        ),
    ]
