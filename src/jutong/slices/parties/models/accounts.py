"""Accounts and their credentials: password, second factor, identities elsewhere, personal API keys, signatures."""

from __future__ import annotations

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from jutong.slices.parties.models.people import Person


class Account(AbstractBaseUser):
    """How a person signs in. An account is active only while its person is (R-OVR-008).

    must_change: the password was set by somebody else. totp_secret: SM4-concealed seed; totp_on: second factor in use;
    totp_step: last time step used, so that a code works once. generation: grows to end every session at once.
    public_key: SM2 public key (hex) of the registered signing certificate, for acts that need a signature (R-SEC-002).
    """

    username = models.CharField(max_length=40, unique=True)
    person = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="account")
    is_active = models.BooleanField(default=True)
    must_change = models.BooleanField(default=True)
    password_changed_at = models.DateTimeField(null=True)
    failures = models.IntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    totp_secret = models.BinaryField(null=True)
    totp_on = models.BooleanField(default=False)
    totp_step = models.BigIntegerField(default=0)
    generation = models.IntegerField(default=0)
    public_key = models.CharField(max_length=128, default="")
    certificate_name = models.CharField(max_length=300, default="")
    created_at = models.DateTimeField()

    objects = BaseUserManager["Account"]()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = []

    def get_session_auth_hash(self) -> str:
        """Return what a session must carry to stay good: it changes with the password and with `generation`."""
        return str(self._get_session_auth_hash())

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        said = f"{self.password}|{self.generation}"
        return salted_hmac("jutong.parties.session", said, secret=secret, algorithm="sha256").hexdigest()


class PasswordUsed(models.Model):
    """A password of an account (hash), kept so that it is not used again."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    hashed = models.CharField(max_length=200)
    at = models.DateTimeField()


class ApiKey(models.Model):
    """A personal key for the management API; only its SM3 digest is kept, `prefix` is what the owner recognises."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)


class IdentityLink(models.Model):
    """Who an identity of another trust service is here: OIDC issuer and subject, or certificate issuer and serial."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE)
    kind = models.CharField(max_length=12)
    issuer = models.CharField(max_length=300)
    subject = models.CharField(max_length=300)
    linked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "issuer", "subject"], name="one_account_an_identity")]


class SignedAct(models.Model):
    """A person's SM2 signature under an act of legal effect: what was signed, with which key (R-SEC-002)."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT)
    subject = models.CharField(max_length=120, db_index=True)
    statement_digest = models.CharField(max_length=64)
    signature = models.BinaryField()
    public_key = models.CharField(max_length=128)
    at = models.DateTimeField()
