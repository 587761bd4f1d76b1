#!/bin/sh
#FJR executable: true
exit 0
