# The line up to the cursor, as it was typed, since bash parts words at : and = too. Sets typed, cur
# without its quote, the value in it, and the key that says what the value is: the flag before it, or
# "--flag=".
_ftp_tools_line() {
    local line=${COMP_LINE:0:COMP_POINT} rest word i
    typed=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        rest=${line#"${line%%[![:blank:]]*}"}
        if [[ $i -eq 0 || $rest != "$line" ]]; then typed+=(""); fi
        if [[ $i -eq $COMP_CWORD ]]; then word=$rest; fi
        typed[-1]+=$word
        line=${rest#"$word"}
    done
    cur=${typed[-1]} quote=
    case $cur in
    [\'\"]*) quote=${cur:0:1} cur=${cur:1} ;;
    esac
    value=$cur key=
    if [[ ${#typed[@]} -gt 2 ]]; then key=${typed[-2]}; fi
    case $cur in
    --*=*) value=${cur#*=} key=${cur%%=*}= ;;
    esac
}

# The flags on the line that say how servers are reached: whole words, and words before a value.
_ftp_tools_reach() {
    local i word
    for ((i = 1; i < ${#typed[@]} - 1; i++)); do
        word=${typed[i]}
        if [[ $word == @($1) ]]; then
            reach+=("$word")
        elif [[ $word == @($2) ]]; then
            reach+=("$word" "${typed[i + 1]}")
        fi
    done
}

_ftp_tools_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$value")
}

# Files are readline's own business: it knows about quotes and ~.
_ftp_tools_files() {
    COMPREPLY=()
    compopt -o default 2>/dev/null
}

_ftp_tools_folders() {
    COMPREPLY=()
    compopt -o dirnames 2>/dev/null
}

_ftp_tools_files_and_urls() {
    case $value in
    f* | *://*) _ftp_tools_urls ;;
    esac
    if [[ ${#COMPREPLY[@]} -eq 0 ]]; then _ftp_tools_files; fi
}

# What a server has: what ftp-ls finds within two seconds a wait. It logs in by netrc or as anonymous, and
# prints names percent-encoded. A URL with a password is left alone, since ps would show it.
_ftp_tools_urls() {
    local dir name slash hidden=
    COMPREPLY=()
    if [[ $value != *://*/* ]]; then
        _ftp_tools_words 'ftp:// ftps:// ftpes://'
        return
    fi
    name=${value#*://}
    if [[ ${name%%/*} == *:*@* ]]; then return; fi
    if [[ ${value##*/} == .* ]]; then hidden=-a; fi
    dir=${value%/*}/
    while IFS= read -r name; do
        slash=
        if [[ $name == */ ]]; then slash=/ name=${name%/}; fi
        name=${name##*/}
        name=$dir${name#%2F}$slash
        if [[ $name == "$value"* ]]; then COMPREPLY+=("$name"); fi
    done < <(env -u FTP_USER -u FTP_PASSWORD -u FTP_OPTIONS ftp-ls --timeout 2 --retries 0 "${reach[@]}" -gquU $hidden -- "$dir" \
        </dev/null 2>/dev/null | head -n 5000)
}

# Makes whole words of the replies, then cuts off what bash takes for words of their own; a directory
# gets no blank behind it.
_ftp_tools_place() {
    local head=${cur%"$value"} breaks=${COMP_WORDBREAKS//[!:=]/} tail
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then compopt -o nospace 2>/dev/null; fi
    COMPREPLY=("${COMPREPLY[@]/#/$head}")
    if [[ -n $breaks && -z $quote ]]; then
        tail=${cur##*["$breaks"]}
        COMPREPLY=("${COMPREPLY[@]#"${cur%"$tail"}"}")
    fi
}
