"""Python's hook at the start of a process: text engines get the pipeline without a model."""

import sys

if sys.orig_argv[1:3] == ["-m", "service.engine"] and sys.orig_argv[-1] == "text":
    from benchmarks.token_path import pipeline

    sys.modules["service.pipelines.text"] = pipeline
