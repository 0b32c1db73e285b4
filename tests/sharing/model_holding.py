"""Grants in the model test: suspended, restored, adjusted, widened, given up, ended, by those who may and by others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from model_asking import KEYS, ROWS, WAYS, Asking
from model_paper import GRANT_MOVES, beijing, midnight_after

from jutong.slices.grants import actions as grants
from jutong.slices.grants import queries as held_now
from jutong.slices.sharing import actions as sharing
from jutong.slices.usage import actions as usage
from jutong.wire.grants import Masking

OTHER = "data_verification"
CASE: dict[str, Any] = {"category": "abuse", "text": "用于商业保险产品推荐，不在授权用途之内", "handler": "陈经办"}
ORDER: dict[str, Any] = {"ground": "beyond_purpose", "demand": "停止推荐业务，删除由此形成的名单", "days": 10}
STRANGERS = ("market.head", "hr.clerk", "civil.officer", "admin.security")


class Holding(Asking):
    """Grants between two departments."""

    @precondition(lambda self: self.grants)
    @rule(data=st.data(), delivered=st.booleans())
    def a_grant_moves(self, data: st.DataObject, delivered: bool) -> None:
        """Somebody suspends, restores, revokes or gives up a grant."""
        grant = data.draw(st.sampled_from(self.grants))
        verbs = [verb for verb in GRANT_MOVES if verb != "amend"]
        verb = data.draw(st.sampled_from(verbs))
        who = data.draw(st.sampled_from(sorted(GRANT_MOVES[verb][1]) * 3 + list(STRANGERS)))
        ok = grant.state in GRANT_MOVES[verb][0] and who in GRANT_MOVES[verb][1] - self.gone
        ok = ok and not (verb == "restore" and grant.misuse)
        more = {"ground": "purpose_reached"} if verb == "finish" else {}
        if self.tries(getattr(grants, f"{verb}_grant"), grant.id, by=who, ok=ok, reason="依据发生变化", **more):
            grant.state = {"suspend": "suspended", "restore": "granted", "revoke": "revoked", "finish": "expired"}[verb]
            grant.moves += 1
        else:
            grant.refusals += 1
        self.next(delivered=delivered)

    @precondition(lambda self: self.grants and "civil.head" not in self.gone)
    @rule(data=st.data(), days=st.sampled_from((None, -3, 4, 60)), masked=st.booleans())
    def a_grant_is_adjusted(self, data: st.DataObject, days: int | None, masked: bool) -> None:
        """The head narrows a grant, goes back to what was agreed, or tries to go beyond."""
        grant = data.draw(st.sampled_from(self.grants))
        agreed, _purposes, last = grant.agreed
        chosen = data.draw(st.lists(st.sampled_from(sorted(agreed)), min_size=1, unique=True))
        wanted = {item: str(Masking.SUPPRESS) if masked else mask for item, mask in agreed.items() if item in chosen}
        until = beijing(grant.until - timedelta(seconds=1)) if days is None else beijing(self.at) + timedelta(days=days)
        changes = list(wanted.items()) != list(grant.masked.items()) or midnight_after(until) != grant.until
        ok = grant.state == "granted" and self.at < midnight_after(until) <= last and changes
        row = held_now.grant(grant.id, self.world.actor("civil.officer", at=self.at))
        adjustment = grants.Adjustment(
            items=tuple(grants.Kept(item, Masking(mask)) for item, mask in wanted.items()), modes=WAYS,
            purposes=tuple(row.purposes), use_until=until, conditions=ROWS, key_items=KEYS, remarks=row.remarks,
        )  # fmt: skip
        if self.tries(grants.amend_grant, grant.id, by="civil.head", ok=ok, adjustment=adjustment, reason="缩小范围"):
            grant.masked, grant.until = wanted, midnight_after(until)
            grant.moves += 1
        else:
            grant.refusals += 1

    @precondition(lambda self: self.grants and "civil.head" not in self.gone)
    @rule(data=st.data(), consents=st.sampled_from((False, True, True)), kind=st.sampled_from(("purpose", "scope")))
    def a_use_changes(self, data: st.DataObject, consents: bool, kind: str) -> None:
        """The consumer applies for another purpose or one more item; the head consents or not."""
        grant = data.draw(st.sampled_from(self.grants))
        more: dict[str, Any] = {"purposes": (OTHER,)} if kind == "purpose" else {"items": ("户籍行政区划",)}
        fresh = OTHER not in grant.purposes if kind == "purpose" else "户籍行政区划" not in grant.masked
        wanted = sharing.Wanted(kind=kind, why="办理社保稽核确需使用", **more)
        ok = grant.state == "granted" and (kind == "purpose" or fresh)
        case = self.tries(sharing.apply_change, by="hr.clerk", ok=ok, grant_id=grant.id, wanted=wanted)
        if case and not consents:
            self.tries(sharing.refuse_change, case.pk, by="civil.head", ok=True, reason="与原用途不相容")
        elif case and self.tries(sharing.consent_change, case.pk, by="civil.head", ok=fresh):
            grant.changes.append(case.pk)
            grant.purposes |= set(more.get("purposes", ()))
            grant.masked |= dict.fromkeys(more.get("items", ()), "none")
            grant.agree()
            grant.moves += 1

    @precondition(lambda self: self.grants and "civil.head" not in self.gone)
    @rule(data=st.data())
    def a_misuse_is_confirmed(self, data: st.DataObject) -> None:
        """A case of misuse suspends the grant, which that case alone restores or terminates."""
        grant = data.draw(st.sampled_from(self.grants))
        if grant.state != "granted":
            return
        case = self.tries(usage.open_misuse, by="civil.officer", ok=True, grant_ids=[grant.id], **CASE)
        self.tries(usage.suspend_misuse, case.pk, by="civil.head", ok=True, grant_ids=[grant.id], **ORDER)
        grant.state, grant.misuse = "suspended", case.pk
        grant.moves += 1

    @precondition(lambda self: "civil.head" not in self.gone and any(one.misuse for one in self.grants))
    @rule(data=st.data(), rectified=st.booleans())
    def a_misuse_is_decided(self, data: st.DataObject, rectified: bool) -> None:
        """The case ends with the restoration of the grant, or with its termination after a recorded refusal."""
        grant = data.draw(st.sampled_from([one for one in self.grants if one.misuse]))
        case, head = grant.misuse, "civil.head"
        if rectified:
            self.tries(usage.report_rectified, case, by="hr.officer", ok=True, text="已停止推荐业务，名单已删除")
            self.tries(usage.verify_rectified, case, by=head, ok=True, text="现场核实名单已删除")
            self.tries(usage.restore_access, case, by=head, ok=True, decision="整改到位，恢复共享")
        else:
            self.tries(usage.record_refusal, case, by=head, ok=True, text="书面答复拒绝整改")
            self.tries(usage.find_insufficient, case, by=head, ok=True, text="拒不整改，情况属实")
            if grant.state == "suspended":
                self.tries(usage.terminate_access, case, by=head, ok=True, decision="终止共享，处置数据")
        if grant.state == "suspended":
            grant.state = "granted" if rectified else "terminated"
            grant.moves += 1
        grant.misuse = 0
