#!
exit 0
