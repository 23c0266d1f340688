# What a server has: what ftp-ls finds within two seconds a wait. It logs in by netrc or as anonymous, and
# prints names percent-encoded. A URL with a password is left alone, since ps would show it.
function __ftp_tools_urls
    set -l word (commandline -ct | string replace -r '^--[a-z-]+=' '' | string replace -r '^[\'"]' '')
    if not string match -q '*://*/*' -- $word
        printf '%s\n' ftp:// ftps:// ftpes://
        return
    end
    if string match -qr '^[^/]*://[^/]*:[^/]*@' -- $word
        return
    end
    set -l hidden
    if string match -qr '/\.[^/]*$' -- $word
        set hidden -a
    end
    set -l reach
    set -l tokens (commandline -opc)
    for i in (seq 2 (count $tokens))
        if __ftp_tools_is $tokens[$i] $__ftp_tools_whole
            set -a reach $tokens[$i]
        else if __ftp_tools_is $tokens[$i] $__ftp_tools_before_value
            set -a reach $tokens[$i] $tokens[(math $i + 1)]
        end
    end
    set -l dir (string replace -r '[^/]*$' '' -- $word)
    for name in (env -u FTP_USER -u FTP_PASSWORD -u FTP_OPTIONS ftp-ls --timeout 2 --retries 0 $reach -gquU $hidden -- $dir \
            </dev/null 2>/dev/null | head -n 5000)
        echo $dir(string replace -r '^.*/(?=[^/]+/?$)' '' -- $name | string replace -r '^%2F' '')
    end
end

# Whether a word is like one of the patterns.
function __ftp_tools_is
    for pattern in $argv[2..]
        if string match -q -- $pattern $argv[1]
            return 0
        end
    end
    return 1
end
