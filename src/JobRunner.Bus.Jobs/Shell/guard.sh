# Ends the commands of a worker that died, by whatever death: the pipe on stdin ends with the worker.
# Lines from the worker: +TOKEN and -TOKEN. A token is m and the mark that a command and all it starts carry in their
# environment, or s and the id of the command's session. The argument is the worker's own session.
trap '' HUP INT QUIT TERM PIPE
exec >/dev/null 2>&1
cd /
worker_session=$1
newline='
'

held=' '
while IFS= read -r line; do
    token=${line#?}
    case $line in
        +*) held="$held$token " ;;
        -*) case $held in *" $token "*) held="${held%%" $token "*} ${held#*" $token "}" ;; esac ;;
    esac
done

marks= sessions=' '
for token in $held; do
    case $token in
        m*) marks="${marks}JOBRUNNER_MARK=${token#m}$newline" ;;
        s*) sessions="$sessions${token#s} " ;;
    esac
done

# Processes that carry a mark, members of their sessions, and descendants of either.
find_members() {
    found=' '
    for file in $(printf '%s' "$marks" | grep -lF -f - /proc/[0-9]*/environ); do
        id=${file#/proc/}
        found="$found${id%/environ} "
    done

    all=
    for file in /proc/[0-9]*/stat; do
        IFS= read -r line <"$file" || continue
        id=${line%% *}
        # The name in parentheses may hold anything. Then come: state, parent, group, session.
        set -- ${line##*) }
        case $1 in Z | X) continue ;; esac
        all="$all$id $2 $4$newline"
        case $found in
            # Before its setsid a command is still in the worker's session.
            *" $id "*) [ "$4" = "$worker_session" ] || sessions="$sessions$4 " ;;
        esac
    done

    more=yes
    while [ "$more" ]; do
        more=
        while read -r id parent session; do
            [ "$id" ] || continue
            case $found in *" $id "*) continue ;; esac
            case "$found" in *" $parent "*) ;; *) case $sessions in *" $session "*) ;; *) continue ;; esac ;; esac
            found="$found$id "
            more=yes
        done <<END
$all
END
    done
}

# One in the middle of its start may show up late: only several looks without a find are the end.
round=0 quiet=0
[ "$marks" ] || quiet=3
while [ "$quiet" -lt 3 ] && [ "$round" -lt 100 ]; do
    find_members
    if [ "$found" = ' ' ]; then
        quiet=$((quiet + 1))
    else
        quiet=0
        if [ "$round" -eq 0 ]; then
            kill -TERM $found
            # A process that is paused takes a signal only once it goes on.
            kill -CONT $found
        elif [ "$round" -ge 5 ]; then
            kill -KILL $found
        fi
    fi
    round=$((round + 1))
    sleep 0.1
done
