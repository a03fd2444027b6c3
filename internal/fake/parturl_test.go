package fake

import (
	"net/url"
	"testing"
	"time"
)

func TestSignatures(t *testing.T) {
	t.Parallel()
	const account, upload = "A623uY2", "Kd759aLFxttm69kZ"
	ours := newSigner([]byte("our key"))
	expires := time.UnixMilli(1_700_000_000_000)
	signature := ours.sign(account, upload, 7, expires)
	if escaped := url.QueryEscape(signature); escaped != signature {
		t.Errorf("%q is not safe in a URL", signature)
	}

	for _, test := range []struct {
		name            string
		signer          *signer
		signature       string
		account, upload string
		part            int64
		expires         time.Time
		want            bool
	}{
		{"as signed", ours, signature, account, upload, 7, expires, true},
		{"same millisecond", ours, signature, account, upload, 7, expires.Add(time.Microsecond), true},
		{"same key elsewhere", newSigner([]byte("our key")), signature, account, upload, 7, expires, true},
		{"another millisecond", ours, signature, account, upload, 7, expires.Add(time.Millisecond), false},
		{"another part", ours, signature, account, upload, 8, expires, false},
		{"another upload", ours, signature, account, "Kd759aLFxttm69kY", 7, expires, false},
		{"another account", ours, signature, "A623uY3", upload, 7, expires, false},
		{"another key", newSigner([]byte("a key")), signature, account, upload, 7, expires, false},
		{"fields run together", ours, signature, account + upload, "", 7, expires, false},
		{"empty", ours, "", account, upload, 7, expires, false},
		{"not base64", ours, "!", account, upload, 7, expires, false},
		{"cut", ours, signature[:len(signature)-4], account, upload, 7, expires, false},
		{"longer", ours, signature + "AAAA", account, upload, 7, expires, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := test.signer.verify(test.signature, test.account, test.upload, test.part, test.expires); got != test.want {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
