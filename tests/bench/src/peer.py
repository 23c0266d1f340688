"""The FTP client of Python's library, as one would write it in a few lines: a peer of the tools."""

import ftplib
import os
import ssl
import sys


def login(host, port):
    ca = os.environ.get("TLS_CA")
    if ca:
        ftp = ftplib.FTP_TLS(context=ssl.create_default_context(cafile=ca))
    else:
        ftp = ftplib.FTP()
    ftp.connect(host, int(port))
    ftp.login(os.environ["FTP_USER"], os.environ["FTP_PASSWORD"])
    if ca:
        ftp.prot_p()
    return ftp


def get(host, port, path, out):
    ftp = login(host, port)
    if out == "-":
        ftp.retrbinary("RETR " + path, sys.stdout.buffer.write)
    else:
        with open(out, "wb") as file:
            ftp.retrbinary("RETR " + path, file.write)
    sys.stdout.flush()
    ftp.quit()


def put(host, port, source, path):
    ftp = login(host, port)
    if source == "-":
        ftp.storbinary("STOR " + path, sys.stdin.buffer)
    else:
        with open(source, "rb") as file:
            ftp.storbinary("STOR " + path, file)
    ftp.quit()


def get_all(host, port, folder, out):
    ftp = login(host, port)
    ftp.cwd(folder)
    for name in ftp.nlst():
        with open(os.path.join(out, name), "wb") as file:
            ftp.retrbinary("RETR " + name, file.write)
    ftp.quit()


def put_all(host, port, source, folder):
    ftp = login(host, port)
    ftp.cwd(folder)
    for name in os.listdir(source):
        with open(os.path.join(source, name), "rb") as file:
            ftp.storbinary("STOR " + name, file)
    ftp.quit()


def rm_all(host, port, folder):
    ftp = login(host, port)
    ftp.cwd(folder)
    for name in ftp.nlst():
        ftp.delete(name)
    ftp.quit()


def relay(host, port, path, to_host, to_port, to_path):
    """In blocks of 1 KiB, as the script did that ftp-pipe replaces."""
    source, sink = login(host, port), login(to_host, to_port)
    source.voidcmd("TYPE I")
    sink.voidcmd("TYPE I")
    reader = source.transfercmd("RETR " + path)
    writer = sink.transfercmd("STOR " + to_path)
    while block := reader.recv(1024):
        writer.sendall(block)
    reader.close()
    writer.close()
    source.voidresp()
    sink.voidresp()
    source.quit()
    sink.quit()


WORK = {"get": get, "put": put, "get-all": get_all, "put-all": put_all, "rm-all": rm_all, "relay": relay}
WORK[sys.argv[1]](*sys.argv[2:])
