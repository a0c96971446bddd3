
_bpgen_reply()
{
	local IFS=$'\n'

	COMPREPLY+=($(
		case $1 in
		FILE) compgen -f -- "$cur" ;;
		DIR) compgen -d -- "$cur" ;;
		SPEC) compgen -f -X '!*.spec' -- "$cur"; compgen -d -- "$cur" ;;
		*) IFS=$' \n'; compgen -W "$1" -- "$cur" ;;
		esac
	))
}

# readline makes three words of --option=value
_bpgen()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local command= plain=0 option= last= word i

	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == = && $last == --* ]]; then
			option=$last=
		elif [[ -n $option ]]; then
			option= last=
		elif [[ $word == -?* ]]; then
			last=$word
			_bpgen_value "${command:-gen}" "$word" >/dev/null &&
				option=$word
		elif ((plain == 0)) && [[ -z $command ]] &&
			[[ " $(_bpgen_commands) " == *" $word "* ]]; then
			command=$word last=
		else
			((++plain))
			last=
		fi
	done
	[[ $cur == = && $last == --* ]] && option=$last= cur=
	if [[ -n $option ]]; then
		_bpgen_reply "$(_bpgen_value "${command:-gen}" "$option")"
	elif [[ $cur == -* ]]; then
		_bpgen_reply "$(_bpgen_options "${command:-gen}")"
	elif [[ -z $command ]] && ((plain == 0)); then
		_bpgen_reply "$(_bpgen_commands)"
		_bpgen_reply SPEC
	else
		_bpgen_reply "$(_bpgen_plain "${command:-gen}" "$plain")"
	fi
}

complete -o filenames -F _bpgen bpgen
