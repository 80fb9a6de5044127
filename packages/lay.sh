# shellcheck shell=sh disable=SC2154 # sourced by build.sh, which sets temp
# Laying files into packages and images. Files that are right already are not touched, others change by rename: nodes
# that run on an image keep what they have open. `prune` knows from $temp/wanted what was put there.

# put FILE DEST MODE makes DEST the same as FILE.
put() {
	printf '%s\n' "$2" >>"$temp/wanted"
	if cmp -s "$1" "$2"; then
		chmod "$3" "$2"
		return 0
	fi
	mkdir -p "$(dirname -- "$2")"
	cp "$1" "$2.new.$$"
	chmod "$3" "$2.new.$$"
	mv -f "$2.new.$$" "$2"
}

# put_tree FROM TO copies a folder; what can be executed stays so.
put_tree() {
	(cd "$1" && find . -type f) >"$temp/files"
	while IFS= read -r file; do
		mode=0644
		[ ! -x "$1/$file" ] || mode=0755
		put "$1/$file" "$2/${file#./}" "$mode"
	done <"$temp/files"
}

# prune FOLDER [SUBFOLDER] removes what this run did not put there, SUBFOLDER apart.
prune() {
	find "$1" ${2:+-path "$1/$2" -prune -o} -type f -print | while IFS= read -r file; do
		grep -qFx -- "$file" "$temp/wanted" || rm -f -- "$file"
	done
}
