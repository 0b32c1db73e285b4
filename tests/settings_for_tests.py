"""Django's settings in tests: the product's own, with a data folder that is thrown away."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile

if "JUTONG_TEST_HOME" not in os.environ:
    os.environ["JUTONG_HOME"] = tempfile.mkdtemp(prefix="jutong-home-", dir="/tmp")
    atexit.register(shutil.rmtree, os.environ["JUTONG_HOME"], ignore_errors=True)
else:
    os.environ["JUTONG_HOME"] = os.environ["JUTONG_TEST_HOME"]
os.environ["JUTONG_SOURCE_CHECK_MINUTES"] = "0"  # a thread of its own would look into each test's world
os.environ["JUTONG_DATABASE_URL"] = os.environ.get("JUTONG_TEST_DATABASE_URL", "postgresql:///jutong")

from jutong.site.settings import *  # noqa: F403 - after the environment is set

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # quick; the product's are argon2
