
# What stands behind -- is a command, which has completions of its own.
_ftp_tools_command() {
    local -i dashes=${words[(i)--]}
    if ((dashes >= CURRENT)); then return 1; fi
    shift dashes words
    ((CURRENT -= dashes))
    _normal
}
