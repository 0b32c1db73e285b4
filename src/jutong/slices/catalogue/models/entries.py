"""Tables of entries: classes, entries, their immutable versions and items, opinions, notices, import runs, update duties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F
from django.db.models.lookups import Exact

from jutong.kernel.models import StoredFile
from jutong.kernel.workflow import Case
from jutong.slices.catalogue.rules.words import SHELVED

if TYPE_CHECKING:
    from jutong.kernel.policy import Policy


class ClassNode(models.Model):
    """A class that entries can be filed under: 类, 项, 目 and 细目 in one code, and the counter of its entries.

    last_serial: the highest serial number given out; it only grows, so no code is used twice. last_branch: the
    highest number given to a class below this one.
    """

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    resource_class = models.CharField(max_length=12)
    category = models.CharField(max_length=60, default="")
    region = models.CharField(max_length=12, default="")
    department = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    last_serial = models.BigIntegerField(default=0)
    last_branch = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region"], condition=models.Q(department=None) & ~models.Q(region=""), name="one_class_a_region"
            ),
            models.UniqueConstraint(
                fields=["department"], condition=models.Q(department__isnull=False), name="one_class_a_department"
            ),
        ]


class Counter(models.Model):
    """A serial number that is counted up under a lock: the notices of an authority in a year."""

    name = models.CharField(max_length=80, primary_key=True)
    last = models.IntegerField(default=0)


class Notice(models.Model):
    """统一通告: the authority's one notice of the entries it published together (national-2025#16)."""

    number = models.CharField(max_length=64, unique=True)
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    region = models.CharField(max_length=12)
    year = models.IntegerField()
    serial = models.IntegerField()
    entries = models.IntegerField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["authority", "year", "serial"], name="one_notice_of_a_number")]


class ImportRun(models.Model):
    """One import of a file: what was read, what became of its rows, and the file with those that came back.

    mapping: {element: header} for tables without a known template. samples: some cells for the mapping page. peer:
    whose codes it uses. plan: what a look at the file found (`actions.planning.Plan`), from checked_at on. repairs: the
    kinds of repair that may be made; change_published: published entries may be revised. confirmed: the person agreed.
    """

    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    kind = models.CharField(max_length=12)
    encoding = models.CharField(max_length=20, default="")
    headers = models.JSONField(default=list)
    samples = models.JSONField(default=list, encoder=DjangoJSONEncoder)
    mapping = models.JSONField(default=dict)
    region = models.CharField(max_length=12)
    department = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    whole_region = models.BooleanField(default=False)
    peer = models.CharField(max_length=40, default="", blank=True)
    plan = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    checked_at = models.DateTimeField(null=True)
    repairs = models.JSONField(default=list)
    change_published = models.BooleanField(default=False)
    confirmed = models.BooleanField(default=False)
    repaired = models.IntegerField(default=0)
    started = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True)
    progress_id = models.BigIntegerField(null=True)
    total = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    refused = models.IntegerField(default=0)
    warned = models.IntegerField(default=0)
    reasons = models.JSONField(default=list)
    error_file = models.ForeignKey(StoredFile, null=True, on_delete=models.SET_NULL, related_name="+")
    account_id = models.BigIntegerField(null=True)
    account_name = models.CharField(max_length=100)
    at = models.DateTimeField()


class Entry(Case):
    """A catalogue entry (目录条目): who provides it, its state, the version being worked on and the one in force.

    title_key: the title without punctuation, spaces and width, for duplicates. registrar: whose people submit it, the
    provider's or its catalogue office's (R-CAT-009). zone: of the network whose platform holds it, or sealed. authority: the same-level sharing
    authority that reviews and publishes, fixed at submission. published: the version departments see, also while a
    revision is under way. successor: the entry a withdrawn one was merged into; its code leads there. source_digest: what the last import brought, so that the same file changes nothing again.
    warnings: what an import or the submission noticed, until the next edit.
    """

    code = models.CharField(max_length=64, unique=True, null=True)  # noqa: DJ001 - no code is not the empty code
    title = models.CharField(max_length=200)
    title_key = models.CharField(max_length=200)
    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+", db_index=False)
    provider_name = models.CharField(max_length=200)
    authority = models.ForeignKey(
        "parties.Department", null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    registrar = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+", db_index=False)
    class_node = models.ForeignKey(ClassNode, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    resource_class = models.CharField(max_length=12)
    share_type = models.CharField(max_length=16)
    zone = models.CharField(max_length=8, default="outer")
    version = models.IntegerField(default=0)
    working = models.ForeignKey("EntryVersion", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    published = models.ForeignKey("EntryVersion", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    successor = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    import_run = models.ForeignKey(ImportRun, null=True, on_delete=models.SET_NULL, related_name="entries")
    source_digest = models.CharField(max_length=64, default="")
    warnings = models.JSONField(default=list)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "title_key"],
                condition=~models.Q(state="withdrawn"),
                name="one_title_a_provider",
            )
        ]
        indexes = [
            models.Index(fields=["provider", "state", "-changed_at"], name="entry_of_provider"),
            models.Index(fields=["authority", "state", "changed_at"], name="entry_for_authority"),
            models.Index(
                fields=["registrar", "changed_at"],
                name="entry_to_register",
                condition=models.Q(state="leader_approved"),
            ),
            models.Index(
                fields=["authority", "share_type"],
                name="entry_by_type",
                condition=models.Q(published__isnull=False, zone="outer"),
            ),
        ]

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this entry's events."""
        return {
            "code": self.code,
            "title": self.title,
            "provider_id": self.provider_id,
            "version_id": self.working_id,
        }


class ReturnedData(models.Model):
    """Where an entry's data came from, when an upper department returned them (回流, R-CAS-017).

    source: the upper department's entry. reference: the back-flow's number. duty, purposes: what the lower department
    may use the data for, and hand them on for.
    """

    entry = models.OneToOneField(Entry, on_delete=models.CASCADE, related_name="returned")
    source = models.ForeignKey(Entry, on_delete=models.PROTECT, related_name="+")
    reference = models.CharField(max_length=40)
    duty = models.CharField(max_length=1000)
    purposes = models.JSONField()
    registered_at = models.DateTimeField()
    registered_by = models.CharField(max_length=100)


class EntryVersion(models.Model):
    """The content of an entry as one editor left it; never changed afterwards.

    content: `rules.content.Content` without items. digest: SM3 over the whole content, items included.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="versions", db_index=False)
    number = models.IntegerField()
    content = models.JSONField(encoder=DjangoJSONEncoder)
    digest = models.CharField(max_length=64)
    editor_id = models.BigIntegerField(null=True)
    editor_name = models.CharField(max_length=100)
    edited_at = models.DateTimeField()
    note = models.CharField(max_length=200, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["entry", "number"], name="one_version_of_a_number")]


class Item(models.Model):
    """One information item of one version; `position` keeps the provider's order, from 0.

    share_type is the item's own or, where it states none, its entry's. detail: the rest of `ItemContent`.
    """

    version = models.ForeignKey(EntryVersion, on_delete=models.CASCADE, related_name="items", db_index=False)
    position = models.IntegerField()
    name = models.CharField(max_length=128)
    column = models.CharField(max_length=64, default="")
    type = models.CharField(max_length=1, default="")
    share_type = models.CharField(max_length=16)
    detail = models.JSONField(encoder=DjangoJSONEncoder)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "position"], name="one_item_a_place")]


class Listing(models.Model):
    """What search reads of an entry: one narrow row per entry, written with its version in the same transaction.

    in_force: the row describes the published version; otherwise the entry was never published (or is withdrawn) and
    the row describes its draft. Only rows in force are found by other departments. facets: the codes of the small
    facets joined by a bar, counted together. search: words of title (A), labels, provider and items (B), abstract (C).
    """

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.CASCADE, related_name="listing")
    in_force = models.BooleanField(default=False)
    provider_id = models.BigIntegerField()
    region = models.CharField(max_length=12)
    resource_class = models.CharField(max_length=12)
    domain = models.CharField(max_length=60)
    share_type = models.CharField(max_length=16)
    share_mode = models.CharField(max_length=24)
    open_type = models.CharField(max_length=16)
    format_class = models.CharField(max_length=16)
    update_cycle = models.CharField(max_length=16)
    facets = models.CharField(max_length=120)
    released_on = models.DateField(null=True)
    class_code = models.CharField(max_length=40, default="")
    standing = models.SmallIntegerField(default=0)
    search = SearchVectorField()

    class Meta:
        indexes = [
            *(
                GinIndex(
                    fields=["search"],
                    name=f"listing_words_{number}",
                    gin_pending_list_limit=1024,
                    condition=models.Q(Exact(F("entry_id").bitand(mask), place)),
                )
                for number, (mask, place) in enumerate(SHELVED)
            ),
            models.Index(F("released_on").desc(nulls_last=True), F("entry_id").desc(), name="listing_newest"),
            models.Index(fields=["provider_id"], name="listing_provider"),
        ]


class Opinion(models.Model):
    """A dated act on one version: assessment, leader's approval, return, determination, filing or review.

    passed: whether it let the version go on. detail: what the kind asks for, such as remarks per element of a return
    or the answers of an assessment. acknowledged_at: when the authority took note of a filing.
    """

    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="opinions", db_index=False)
    version = models.ForeignKey(EntryVersion, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    passed = models.BooleanField()
    number = models.CharField(max_length=64, default="")
    text = models.TextField(default="")
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    notice = models.ForeignKey(Notice, null=True, on_delete=models.PROTECT, related_name="+")
    account_id = models.BigIntegerField(null=True)
    account_name = models.CharField(max_length=100)
    department_id = models.BigIntegerField(null=True)
    at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["entry", "-at"], name="opinion_of_entry")]


class CatalogUpdate(Case):
    """W02: one department's duty to update its entries because something outside changed (national-2025#17).

    kind: what changed, a code of the profile's triggers. event_on: Beijing day of the change, from which the limit
    counts. occasion: the document or fact. extension_asked: {days, reason, name, on} while the authority has not
    answered. received_on: day on which the authority received the update, None before. late: submitted after the limit.
    """

    provider = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=32)
    event_on = models.DateField()
    occasion = models.CharField(max_length=300)
    extension_asked = models.JSONField(default=dict)
    received_on = models.DateField(null=True)
    submitted_on = models.DateField(null=True)
    completed_on = models.DateField(null=True)
    late = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["provider", "-event_on"], name="update_of_provider"),
            models.Index(fields=["authority", "-event_on"], name="update_for_authority"),
        ]

    @property
    def policy(self) -> Policy:
        """The rules of the day of the change; of the day of receipt for what the authority then has to do.

        The decree's limits hold for changes and receipts since 2025-08-01 (R-CAT-019, R-CAT-022).
        """
        from jutong.kernel import jurisdiction

        return jurisdiction.policy_of(self.profile, self.received_on or self.event_on)

    def event_payload(self) -> dict[str, Any]:
        """Ids for consumers of this case's events."""
        return {"provider_id": self.provider_id, "authority_id": self.authority_id, "occasion": self.occasion}


class AffectedEntry(models.Model):
    """An entry that an update duty names: submitted_at and done_at once its new version was submitted and is in force.

    An entry that was withdrawn instead counts as both.
    """

    update = models.ForeignKey(CatalogUpdate, on_delete=models.CASCADE, related_name="affected", db_index=False)
    entry = models.ForeignKey(Entry, on_delete=models.CASCADE, related_name="+")
    submitted_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["update", "entry"], name="one_entry_an_update")]


class Pulse(models.Model):
    """How alive a published entry is: written with its publication, and by what happens to its data above (R-CAT-023).

    since: first day in force. completeness: percent of the elements that help a reader and are filled. cycle: the update
    cycle in force. refreshed_on: last day on which data came or was stated to be of. due_on: last day for the next
    update, empty without a cycle. mounted: a resource stands behind it now; lost_on: since when there is none any more.
    granted_at: last time it was granted to somebody. used_on: last day a call came under a grant. reminded_on: the `due_on` its department was reminded of.
    provider, authority: as the entry has them, and in_force: it is not withdrawn; here so that figures of many thousand
    entries need no other table.
    """

    entry = models.OneToOneField(Entry, primary_key=True, on_delete=models.CASCADE, related_name="pulse")
    since = models.DateField()
    completeness = models.IntegerField(default=0)
    cycle = models.CharField(max_length=16, default="")
    refreshed_on = models.DateField(null=True)
    due_on = models.DateField(null=True, db_index=True)
    mounted = models.BooleanField(default=False)
    lost_on = models.DateField(null=True)
    granted_at = models.DateTimeField(null=True)
    used_on = models.DateField(null=True)
    reminded_on = models.DateField(null=True)
    provider = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    authority = models.ForeignKey("parties.Department", null=True, on_delete=models.PROTECT, related_name="+")
    in_force = models.BooleanField(default=True)
