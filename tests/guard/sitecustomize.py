"""Python runs this at the start of every child process that finds this folder on PYTHONPATH."""

import loopback_only

loopback_only.install()
