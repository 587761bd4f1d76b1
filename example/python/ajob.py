#!/usr/bin/env python3
"""A job: its last argument is its own job file."""
import configparser
import random
import sys
import time

conf = configparser.ConfigParser()
conf.read(sys.argv[1])
time.sleep(random.random() / 2)
with open(conf["control"]["logfile"], "w") as log:
    log.write(f"This was done with parameter param1:{conf['params']['param1']}.\n")
