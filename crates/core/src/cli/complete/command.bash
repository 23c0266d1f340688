
# What stands behind -- is a command, which has completions of its own: bash-completion knows them, else there are
# names of commands and files.
_ftp_tools_command() {
    local i
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -- ]]; then break; fi
    done
    if [[ $i -ge $COMP_CWORD ]]; then return 1; fi
    if declare -F _comp_command_offset >/dev/null; then
        _comp_command_offset $((i + 1))
    elif declare -F _command_offset >/dev/null; then
        _command_offset $((i + 1))
    elif [[ $((i + 1)) -eq $COMP_CWORD ]]; then
        mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
    else
        _ftp_tools_files
    fi
}
