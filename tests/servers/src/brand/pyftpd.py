"""pyftpd.py ROOT ADDRESS PORT MOST [CERT KEY]: serves ROOT with pyftpdlib, for tests only."""

import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer

root, address, port, most, *tls = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_user("test", "secret", root, perm="elradfmwMT")
if tls:
    from pyftpdlib.handlers import TLS_FTPHandler as Handler

    Handler.certfile, Handler.keyfile = tls
    Handler.tls_control_required = Handler.tls_data_required = True
else:
    Handler = FTPHandler
Handler.authorizer = authorizer
Handler.unicode_errors = "surrogateescape"  # names that are not UTF-8 stay the bytes they are
Handler.auth_failed_timeout = 0
Handler.permit_foreign_addresses = True  # servers may send to each other
server = FTPServer((address, int(port)), Handler)
server.max_cons_per_ip = int(most)  # 0 is no limit
server.serve_forever()
