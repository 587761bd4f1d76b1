#!  /usr/bin/env   sh
exit 0
