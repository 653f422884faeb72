"""Python's hook at the start of a process: image engines get the shortage, other processes nothing."""

import sys

if sys.orig_argv[1:3] == ["-m", "service.engine"] and sys.orig_argv[-1] == "image":
    from tests.faults.shortage.injection import inject

    inject()
