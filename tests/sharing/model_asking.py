"""Requests in the model test: every move of people, in any order, by those who may and by others."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from model_paper import CONSUMER_HEADS, EXTENDED, MOVES, PROVIDER_HEADS, Case, Held, beijing, counted, midnight_after
from model_place import Place
from test_requests import asked, reply

from jutong.slices.sharing import actions
from jutong.slices.sharing.models import SharingRequest
from jutong.wire.grants import Condition, Masking, Operator

MASKS = {"公民身份号码": Masking.IDENTITY, "姓名": Masking.NAME, "出生日期": Masking.YEAR}
KEYS = ("公民身份号码",)
ROWS = (Condition("户籍行政区划", Operator.PREFIX, ("5110",)),)
WAYS = ("online_query", "front_end_node", "batch_download")
MAIN = "administrative_basis"
MOST = 3
STRANGERS = ("market.head", "hr.head", "civil.officer", "admin.system", "authority.reviewer")
DEEDS = {
    "file": actions.file_request,
    "change": actions.change_request,
    "prepare_agree": actions.prepare_reply,
    "prepare_refuse": actions.prepare_reply,
}
SAID: dict[str, dict[str, Any]] = {
    "ask_supplement": {"papers": ["部门职责文件"], "days": 5},
    "supplement": {"text": "已补交职责文件"},
    "ask_extension": {"days": 5, "reason": "需与省厅核对数据口径"},
    "extend": {"days": EXTENDED},
    "decline": {"reason": "与本部门职责无关"},
    "withhold_consent": {"remark": "请补充说明依据"},
    "prepare_refuse": {"reply": actions.Reply(agree=False, reason="该事项与贵局职责无关", basis="《办法》第一条")},
}
some_items = st.lists(st.sampled_from(sorted(MASKS)), min_size=1, unique=True).map(
    lambda chosen: tuple(item for item in MASKS if item in chosen)
)
terms = st.tuples(some_items, st.sampled_from((None, 3, 20)), st.booleans())
"""Of a drafted agreement: items as far as they were asked for, days of use if fewer than asked for, masked or not."""


class Asking(Place):
    """Requests between two departments."""

    @precondition(lambda self: len(self.cases) < MOST)
    @rule(
        resource=st.sampled_from(("plain", "plain", "secret")), items=some_items, days=st.integers(5, 90),
        on=st.sampled_from((0, 2, 3, 4, 4, 4)), draft=terms, delivered=st.booleans(),
    )  # fmt: skip
    def one_asks(self, resource: str, items: tuple[str, ...], days: int, on: int, draft: Any, delivered: bool) -> None:
        """A clerk writes a request; most are brought on their way at once."""
        today = beijing(self.at)
        until = today + timedelta(days=days)
        case = self.tries(actions.write_request, by="hr.clerk", ok=True, asked=self._wanted(resource, items, until))
        _since, answer, delivery = max(limits for limits in self.limits if limits[0] <= today)
        self.cases.append(Case(case.pk, resource, items, until, answer, delivery))
        for verb, by in (
            ("consent", "hr.head"),
            ("file", "hr.clerk"),
            ("prepare_agree", "civil.officer"),
            ("agree", "civil.head"),
        )[:on]:
            self._move(self.cases[-1], verb, by, items, draft)
        self.next(delivered=delivered)

    @precondition(lambda self: self.cases)
    @rule(data=st.data(), items=some_items, draft=terms, delivered=st.booleans())
    def a_request_moves(self, data: st.DataObject, items: tuple[str, ...], draft: Any, delivered: bool) -> None:
        """Somebody tries a move: mostly one that is open now, mostly the right person."""
        case = data.draw(st.sampled_from(self.cases))
        now = [verb for verb in MOVES if case.state in MOVES[verb][0]]
        verb = data.draw(st.sampled_from(now * 4 + list(MOVES)))
        who = data.draw(st.sampled_from(sorted(MOVES[verb][2]) * 3 + list(STRANGERS)))
        self._move(case, verb, who, items, draft)
        self.next(delivered=delivered)

    def _wanted(self, resource: str, items: tuple[str, ...], until: date) -> actions.Asked:
        since = min(beijing(self.at), until)
        return asked(
            self.city.resources[resource], items=items, use_from=since, use_until=until, modes=WAYS, purposes=(MAIN,)
        )

    def _move(self, case: Case, verb: str, who: str, items: tuple[str, ...], draft: Any) -> None:
        """Make one move, by whoever it is, and make it on paper when it comes off."""
        permitted = who in MOVES[verb][2] and who not in self.gone
        said, until = dict(SAID.get(verb, {})), case.until
        if verb == "change":
            said = {"asked": self._wanted(case.resource, items, until)}
        if verb == "prepare_agree":
            until = self._last_day(case, draft)
            said = {"reply": self._drafted(case, draft, until)}
        ok = permitted and case.may(verb, self.at, until) and self._others_let(case, verb)
        deed = DEEDS.get(verb) or getattr(actions, verb)
        if not self.tries(deed, case.id, by=who, ok=ok, **said):
            case.refusals += 1
            return
        case.moved(verb, self.at)
        self._note(case, verb, items, until, said)

    def _last_day(self, case: Case, draft: Any) -> date:
        return min(case.until, beijing(self.at) + timedelta(days=draft[1])) if draft[1] else case.until

    def _drafted(self, case: Case, draft: Any, until: date) -> actions.Reply:
        chosen = [item for item in case.items if item in draft[0]] or list(case.items)
        given = tuple(actions.GrantedItem(item, MASKS[item] if draft[2] else Masking.NONE) for item in chosen)
        return reply(
            items=given,
            conditions=ROWS,
            key_items=KEYS,
            confirm_items=(),
            modes=WAYS,
            purposes=(MAIN,),
            use_until=until,
        )

    def _others_let(self, case: Case, verb: str) -> bool:
        """Tell whether a move comes off as far as others decide it: registered heads, secrecy, what is held already."""
        if verb in {"consent", "file"} and not CONSUMER_HEADS - self.gone:
            return False
        if verb in {"agree", "refuse"} and not PROVIDER_HEADS - self.gone:
            return False
        if verb in {"prepare_agree", "agree"} and case.resource == "secret" and self.profile == "jiangxi-2017":
            return bool(self.secrecy)
        if verb == "file":
            working = [one for one in self.grants if one.resource == case.resource and one.state == "granted"]
            return not working or not set(case.items) <= set(working[-1].masked)
        return True

    def _note(self, case: Case, verb: str, items: tuple[str, ...], until: date, said: dict[str, Any]) -> None:
        """Keep on paper what was said with a move that came off."""
        match verb:
            case "change":
                case.items = items
            case "ask_supplement":
                case.papers_until = counted(beijing(self.at), 5)
            case "ask_extension":
                case.asked_days = 5
            case "prepare_agree":
                case.drafted = {one.item: str(one.masking) for one in said["reply"].items}
                case.drafted_until = until
            case "agree":
                number = SharingRequest.objects.get(pk=case.id).grant_id or 0
                last = midnight_after(case.drafted_until)
                case.held = Held(number, case.resource, dict(case.drafted), {MAIN}, self.at, last)
                self.grants.append(case.held)
