# What a server has: what ftp-ls finds within two seconds a wait. It logs in by netrc or as anonymous, and
# prints names percent-encoded. A URL with a password is left alone, since ps would show it.
_ftp_tools_urls() {
    local typed=${(Q)PREFIX} name hidden=
    local -a reach dirs files
    local -i i
    if [[ $typed != *://*/* ]]; then
        compadd -S '' -- ftp:// ftps:// ftpes://
        return
    fi
    if [[ ${${typed#*://}%%/*} == *:*@* ]]; then return 1; fi
    if [[ ${typed##*/} == .* ]]; then hidden=-a; fi
    for ((i = 2; i < CURRENT; i++)); do
        name=${(Q)words[i]}
        if [[ $name == ${~ftp_tools_whole} ]]; then
            reach+=("$name")
        elif [[ $name == ${~ftp_tools_before_value} ]]; then
            reach+=("$name" "${(Q)words[i + 1]}")
        fi
    done
    for name in ${(f)"$(env -u FTP_USER -u FTP_PASSWORD -u FTP_OPTIONS ftp-ls --timeout 2 --retries 0 $reach -gquU $hidden -- \
        "${typed%/*}/" </dev/null 2>/dev/null | head -n 5000)"}; do
        if [[ $name == */ ]]; then
            dirs+=("${${${name%/}##*/}#%2F}/")
        else
            files+=("${${name##*/}#%2F}")
        fi
    done
    compset -P '*/'
    compadd -S '' -a dirs
    compadd -a files
}

_ftp_tools_files_and_urls() {
    if [[ $PREFIX == *://* ]]; then
        _ftp_tools_urls
    else
        _files
        _ftp_tools_urls
    fi
}
