//! The scripted FTP server and the runner of the tools.
