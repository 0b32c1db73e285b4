import datetime
import django.db.models.deletion
import jutong.slices.parties.rules.access
from django.db import migrations, models


STATES = """
update parties_businesssystem s set state = case when connection = 'connected' then 'connected' else 'registered' end,
       region = d.region_id, profile = 'national-2025@1', started_on = (s.registered_at at time zone 'Asia/Shanghai')::date,
       network = s.zone, transport = case when connection = 'connected' then 'tls' else '' end
  from parties_department d where d.id = s.department_id
"""
"""What is registered already goes on in the state it had; what carries it was its zone's network."""


class Migration(migrations.Migration):
    dependencies = [
        ("parties", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Training",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("access", "接入支持"),
                            ("security", "安全支持"),
                            ("graded_protection", "等级保护支持"),
                        ],
                        max_length=20,
                    ),
                ),
                ("held_on", models.DateField()),
                ("account_name", models.CharField(max_length=100)),
            ],
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="cross_department",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="hosting",
            field=models.CharField(default="", max_length=100),
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="network",
            field=models.CharField(
                choices=[
                    ("outer", "政务外网"),
                    ("inner", "政务内网"),
                    ("internet", "互联网"),
                    ("dedicated", "业务专网"),
                ],
                default=jutong.slices.parties.rules.access.Network["OUTER"],
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="network_exception",
            field=models.CharField(default="", max_length=300),
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="operating_since",
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="previous_state",
            field=models.CharField(default="", editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="profile",
            field=models.CharField(default="", editable=False, max_length=64),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="protection",
            field=models.CharField(default="", max_length=300),
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="region",
            field=models.CharField(db_index=True, default="", max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="revision",
            field=models.IntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="started_on",
            field=models.DateField(default=datetime.date(2026, 1, 1), editable=False),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="state",
            field=models.CharField(db_index=True, default="", editable=False, max_length=32),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="businesssystem",
            name="transport",
            field=models.CharField(
                choices=[("tls", "TLS 加密"), ("tlcp", "国密 TLCP 加密"), ("plain", "明文")], default="", max_length=8
            ),
        ),
        migrations.CreateModel(
            name="DedicatedNetwork",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(db_index=True, editable=False, max_length=32)),
                ("previous_state", models.CharField(default="", editable=False, max_length=32)),
                ("region", models.CharField(db_index=True, max_length=12)),
                ("profile", models.CharField(editable=False, max_length=64)),
                ("started_on", models.DateField(editable=False)),
                ("revision", models.IntegerField(default=0, editable=False)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(default="")),
                ("account_name", models.CharField(default="", max_length=100)),
                ("opened_at", models.DateTimeField()),
                ("exception", models.CharField(default="", max_length=300)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.department"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="DirectExchange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(db_index=True, editable=False, max_length=32)),
                ("previous_state", models.CharField(default="", editable=False, max_length=32)),
                ("region", models.CharField(db_index=True, max_length=12)),
                ("profile", models.CharField(editable=False, max_length=64)),
                ("started_on", models.DateField(editable=False)),
                ("revision", models.IntegerField(default=0, editable=False)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(default="")),
                ("account_name", models.CharField(default="", max_length=100)),
                ("opened_at", models.DateTimeField()),
                ("decision", models.CharField(default="", max_length=1000)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.department"
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.department"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="LegacyExchange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(db_index=True, editable=False, max_length=32)),
                ("previous_state", models.CharField(default="", editable=False, max_length=32)),
                ("region", models.CharField(db_index=True, max_length=12)),
                ("profile", models.CharField(editable=False, max_length=64)),
                ("started_on", models.DateField(editable=False)),
                ("revision", models.IntegerField(default=0, editable=False)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(default="")),
                ("account_name", models.CharField(default="", max_length=100)),
                ("opened_at", models.DateTimeField()),
                (
                    "counterpart",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="parties.department",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.department"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="SecurityIncident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(db_index=True, editable=False, max_length=32)),
                ("previous_state", models.CharField(default="", editable=False, max_length=32)),
                ("region", models.CharField(db_index=True, max_length=12)),
                ("profile", models.CharField(editable=False, max_length=64)),
                ("started_on", models.DateField(editable=False)),
                ("revision", models.IntegerField(default=0, editable=False)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(default="")),
                ("account_name", models.CharField(default="", max_length=100)),
                ("opened_at", models.DateTimeField()),
                (
                    "side",
                    models.CharField(
                        choices=[("platform", "平台运行单位"), ("provider", "提供部门"), ("consumer", "使用部门")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("conclusion", models.TextField(default="")),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.department"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Step",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=32)),
                ("case_id", models.BigIntegerField()),
                ("title", models.CharField(max_length=200)),
                ("due_on", models.DateField()),
                ("done_on", models.DateField(null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["kind", "case_id"], name="access_step_of_case")],
            },
        ),
        migrations.CreateModel(
            name="SupportRequest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("state", models.CharField(db_index=True, editable=False, max_length=32)),
                ("previous_state", models.CharField(default="", editable=False, max_length=32)),
                ("region", models.CharField(db_index=True, max_length=12)),
                ("profile", models.CharField(editable=False, max_length=64)),
                ("started_on", models.DateField(editable=False)),
                ("revision", models.IntegerField(default=0, editable=False)),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField(default="")),
                ("account_name", models.CharField(default="", max_length=100)),
                ("opened_at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("access", "接入支持"),
                            ("security", "安全支持"),
                            ("graded_protection", "等级保护支持"),
                        ],
                        max_length=20,
                    ),
                ),
                ("answer", models.TextField(default="")),
                ("answered_by", models.CharField(default="", max_length=100)),
                ("answered_at", models.DateTimeField(null=True)),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.department"
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Participation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("people", models.IntegerField()),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="parties.department"
                    ),
                ),
                (
                    "training",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="participations",
                        to="parties.training",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("training", "department"), name="department_once_in_training")
                ],
            },
        ),
        migrations.RunSQL(STATES, migrations.RunSQL.noop),
        migrations.RemoveField(
            model_name="businesssystem",
            name="connection",
        ),
    ]
