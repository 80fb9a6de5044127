package specs

// ParseObject reads a JSON object that a person wrote, such as a file of values: numbers keep their digits, and a duplicate
// key is an error, since one of the values would be lost. Findings name the file and the place, and no value.
func ParseObject(file string, text []byte) (map[string]any, Diagnostics) {
	src := newSource(file, text)
	if d, ok := src.checkText(); !ok {
		return nil, Diagnostics{d}
	}
	doc, dups, bad := parseDocument(text)
	if bad != nil {
		return nil, Diagnostics{src.diagnostic(SeverityError, bad.offset, "", "not valid JSON: "+bad.message)}
	}
	if doc.kind != kindObject {
		return nil, Diagnostics{src.diagnostic(SeverityError, doc.offset, "", "expected an object, found a "+string(doc.kind))}
	}
	var diags Diagnostics
	for _, d := range dups {
		diags = append(diags, src.diagnostic(SeverityError, d.offset, d.path, "duplicate key"))
	}
	out, _ := doc.plain().(map[string]any)
	return out, diags
}
