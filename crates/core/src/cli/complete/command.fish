
# What stands behind -- is a command, which has completions of its own.
function __ftp_tools_has_command
    contains -- -- (commandline -opc)
end

function __ftp_tools_command
    set -l tokens (commandline -opc)
    set -l first (math (contains -i -- -- $tokens) + 1)
    complete -C "$(string join ' ' -- (string escape -- $tokens[$first..]) (commandline -ct))"
end
