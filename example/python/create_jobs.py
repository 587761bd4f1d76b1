#!/usr/bin/env python3
"""Puts ten jobs into a project's queue.  usage: create_jobs.py [PROJECT]"""
import configparser
import os
import sys

project = sys.argv[1] if len(sys.argv) > 1 else "default"
home = os.environ.get("FJR_HOME", os.path.expanduser("~/.fjr"))
here = os.path.dirname(os.path.abspath(__file__))
queue = os.path.join(home, project, "jobqueue")
os.makedirs(queue, exist_ok=True)

for i in range(1, 11):
    conf = configparser.ConfigParser()
    conf["control"] = {
        "executable": f"python3 {here}/ajob.py",
        "logfile": f"logfiles/job{i}.dat",
    }
    conf["params"] = {"param1": f"value{i}"}
    with open(os.path.join(queue, f"{i}.conf"), "w") as file:
        conf.write(file)
