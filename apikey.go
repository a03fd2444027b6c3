package bytescale

import "strings"

// trialAccount is the account of the vendor's two trial keys.
const trialAccount = "W142hJk"

// accountOf returns the account of an API key: "secret_A623uY2xyz" belongs to account
// "A623uY2". The error never repeats the key.
func accountOf(key string) (string, error) {
	if key == "free" || key == "demo" {
		return trialAccount, nil
	}
	kind, rest, found := strings.Cut(key, "_")
	id, _, _ := strings.Cut(rest, "_")
	switch {
	case strings.TrimSpace(key) != key:
		return "", invalidKey("has white space around it")
	case !found || kind != "public" && kind != "secret":
		return "", invalidKey(`begins neither with "public_" nor with "secret_"`)
	case !printable(key):
		return "", invalidKey("contains characters that no key has")
	case len(id) < 7 || !accountIDPattern.MatchString(id[:7]):
		return "", invalidKey("does not go on with an account id of seven base58 characters")
	}
	return id[:7], nil
}

func invalidKey(reason string) error {
	return &ArgumentError{Field: "apiKey", Reason: reason, kind: ErrInvalidKey}
}
