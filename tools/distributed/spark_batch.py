#!/usr/bin/env python3
"""Answers the lines of a batch with Spark: each partition is piped through one `vlmprune batch`.

    spark-submit spark_batch.py LINES ANSWERS [--partitions N] [--command "vlmprune batch"] [-- OPTIONS…]

LINES is a file or folder of JSON lines, ANSWERS a folder that does not exist yet: anything that Spark can read and
write. What follows `--` goes to `vlmprune batch`. Every node needs the program, the model and the pictures under the
same paths. A process that ends with anything but 0 fails its task, which Spark tries again (`checkCode`).
"""
import argparse
import os
import shlex
import sys

from pyspark.sql import SparkSession

# pipe() starts its processes without any variable but those that it is given.
VARIABLES = ["PATH", "LD_LIBRARY_PATH", "HOME", "XDG_CACHE_HOME", "HF_HOME", "HF_HUB_CACHE", "VLMPRUNE_HOME"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lines")
    parser.add_argument("answers")
    parser.add_argument("--partitions", type=int, default=2, help="at least; each loads the model once")
    parser.add_argument("--command", default="vlmprune batch")
    # What follows the first -- is none of ours.
    end = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    given, options = parser.parse_args(sys.argv[1:end]), sys.argv[end + 1:]
    command = shlex.join(shlex.split(given.command) + options)
    session = SparkSession.builder.appName("vlmprune batch").getOrCreate()
    lines = session.sparkContext.textFile(given.lines, given.partitions)
    variables = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    lines.pipe(command, env=variables, checkCode=True).saveAsTextFile(given.answers)
    session.stop()


if __name__ == "__main__":
    main()
