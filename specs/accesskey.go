package specs

import "strings"

const typeAccessKey = "accesskey"

// convertAccessKey takes an object of both parts, also as JSON text. A plain text is what a package writes as a default, and
// stands for a key that was not given: there is no account whose secret it could name.
func convertAccessKey(raw any, mode strictness) (any, string) {
	const want = `an object with "` + accessKeyID + `" and "` + secretAccessKey + `"`
	if text, ok := raw.(string); ok {
		if text == "" || mode == lenient {
			return text, ""
		}
		doc, _, bad := parseDocument([]byte(text))
		if bad != nil || !strings.HasPrefix(strings.TrimSpace(text), "{") {
			return nil, want
		}
		raw = doc.plain()
	}
	m, ok := raw.(map[string]any)
	if !ok || len(m) != 2 {
		return nil, want
	}
	for _, part := range []string{accessKeyID, secretAccessKey} {
		if text, ok := m[part].(string); !ok || text == "" {
			return nil, want
		}
	}
	return m, ""
}

// accessKey takes the value of an accesskey item apart.
func accessKey(v any) (id, secret string) {
	m, ok := v.(map[string]any)
	if !ok {
		return textOf(v), ""
	}
	return textOf(m[accessKeyID]), textOf(m[secretAccessKey])
}

// SecretText is what of a value of the item must never be printed; "" when nothing is.
func (it *Item) SecretText(v any) string {
	switch it.Type {
	case "password":
		return textOf(v)
	case typeAccessKey:
		_, secret := accessKey(v)
		return secret
	}
	return ""
}

// masked is a value of the item that can be printed. An empty password stays empty: that is worth seeing.
func (it *Item) masked(v any) any {
	if it.SecretText(v) == "" {
		return v
	}
	if id, _ := accessKey(v); it.Type == typeAccessKey {
		return map[string]any{accessKeyID: id, secretAccessKey: mask}
	}
	return mask
}
