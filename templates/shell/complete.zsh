
_bpgen_reply()
{
	case $1 in
	FILE) _files ;;
	DIR) _files -/ ;;
	SPEC) _files -g '*.spec' ;;
	*) compadd -- ${=1} ;;
	esac
}

_bpgen()
{
	local command= option= word
	local -i plain=0 i
	local -a described

	for ((i = 2; i < CURRENT; i++)); do
		word=$words[i]
		if [[ -n $option ]]; then
			option=
		elif [[ $word == -?* ]]; then
			_bpgen_value ${command:-gen} $word >/dev/null &&
				option=$word
		elif ((plain == 0)) && [[ -z $command ]] &&
			[[ " $(_bpgen_commands) " == *" $word "* ]]; then
			command=$word
		else
			((++plain))
		fi
	done
	if [[ -n $option ]]; then
		_bpgen_reply "$(_bpgen_value ${command:-gen} $option)"
	elif [[ $words[CURRENT] == --*=* ]] && compset -P '*='; then
		_bpgen_reply "$(_bpgen_value ${command:-gen} \
			${words[CURRENT]%%=*}=)"
	elif [[ $words[CURRENT] == -* ]]; then
		described=("${(@f)$(_bpgen_options ${command:-gen})}")
		_describe -o option described
	elif [[ -z $command ]] && ((plain == 0)); then
		_bpgen_reply "$(_bpgen_commands)"
		_bpgen_reply SPEC
	else
		_bpgen_reply "$(_bpgen_plain ${command:-gen} $plain)"
	fi
}

if [[ $funcstack[1] == _bpgen ]]; then
	_bpgen
else
	compdef _bpgen bpgen
fi
