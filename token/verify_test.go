package token

import (
	"crypto"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"
)

// forged makes a token that Sign would not make.
func forged(t testing.TB, header, payload string) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(payload))
	digest := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(nil, testKey(), crypto.SHA256, digest[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func TestVerifyRefuses(t *testing.T) {
	const goodHeader, goodPayload = `{"alg":"RS256"}`, `{"exp":100,"iat":0,"sub":"u"}`
	good := forged(t, goodHeader, goodPayload)
	parts := strings.Split(good, ".")
	unsigned := func(header string) string {
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + parts[1]
	}
	// The public key as the secret of an HMAC is the classic attack on verifiers that
	// believe the header.
	confused := unsigned(`{"alg":"HS256"}`)
	h := hmac.New(sha256.New, encode(t, "PUBLIC KEY", &testKey().PublicKey))
	h.Write([]byte(confused))
	confused += "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))

	for _, test := range []struct {
		name, token string
		want        error
	}{
		{"empty", "", ErrMalformed},
		{"two parts", "a.b", ErrMalformed},
		{"four parts", good + ".d", ErrMalformed},
		{"empty part", parts[0] + ".." + parts[2], ErrMalformed},
		{"no signature", parts[0] + "." + parts[1] + ".", ErrMalformed},
		{"padded", good + "==", ErrMalformed},
		{"standard base64", parts[0] + "." + parts[1] + ".+" + parts[2][1:], ErrMalformed},
		{"line break at the end", good + "\n", ErrMalformed},
		{"line break inside", parts[0] + ".\n" + parts[1] + "." + parts[2], ErrMalformed},
		{"space", " " + good, ErrMalformed},
		{"quoted", `"` + good + `"`, ErrMalformed},
		{"Bearer", "Bearer " + good, ErrMalformed},
		{"header not JSON", forged(t, "x", goodPayload), ErrMalformed},
		{"no algorithm", forged(t, `{"typ":"JWT"}`, goodPayload), ErrMalformed},
		{"algorithm none", forged(t, `{"alg":"none"}`, goodPayload), ErrMalformed},
		{"algorithm none, unsigned", unsigned(`{"alg":"none"}`) + ".", ErrMalformed},
		{"algorithm in lower case", forged(t, `{"alg":"rs256"}`, goodPayload), ErrMalformed},
		{"RS512", forged(t, `{"alg":"RS512"}`, goodPayload), ErrMalformed},
		{"HS256 with the public key", confused, ErrMalformed},
		{"critical extension", forged(t, `{"alg":"RS256","crit":["b64"],"b64":false}`, goodPayload), ErrMalformed},
		{"payload not JSON", forged(t, goodHeader, "x"), ErrMalformed},
		{"payload is an array", forged(t, goodHeader, "[]"), ErrMalformed},
		{"no exp", forged(t, goodHeader, `{"iat":0,"sub":"u"}`), ErrMalformed},
		{"no iat", forged(t, goodHeader, `{"exp":100,"sub":"u"}`), ErrMalformed},
		{"no sub", forged(t, goodHeader, `{"exp":100,"iat":0}`), ErrMalformed},
		{"null sub", forged(t, goodHeader, `{"exp":100,"iat":0,"sub":null}`), ErrMalformed},
		{"exp is text", forged(t, goodHeader, `{"exp":"100","iat":0,"sub":"u"}`), ErrMalformed},
		{"exp has a fraction", forged(t, goodHeader, `{"exp":100.5,"iat":0,"sub":"u"}`), ErrMalformed},
		{"exp is negative", forged(t, goodHeader, `{"exp":-1,"iat":0,"sub":"u"}`), ErrMalformed},
		{"signature of another token", parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"exp":999,"iat":0,"sub":"u"}`)) + "." + parts[2], ErrWrongSignature},
		{"signature of zeros", parts[0] + "." + parts[1] + "." + strings.Repeat("A", len(parts[2])), ErrWrongSignature},
		{"short signature", parts[0] + "." + parts[1] + ".AAAA", ErrWrongSignature},
		{"expired", forged(t, goodHeader, `{"exp":50,"iat":0,"sub":"u"}`), ErrExpired},
		{"expired, in another account's words", forged(t, goodHeader, `{"exp":0,"iat":0,"sub":"u"}`), ErrExpired},

		{"good", good, nil},
		{"with unknown members", forged(t, `{"alg":"RS256","kid":"1"}`, `{"exp":100,"iat":0,"sub":"u","new":{}}`), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			claims, err := Verify(test.token, time.Unix(50, 0), nil, &otherKey().PublicKey, &testKey().PublicKey)
			if !errors.Is(err, test.want) || (err == nil) != (claims.Subject == "u") {
				t.Errorf("%+v, %v; want %v", claims, err, test.want)
			}
			if err != nil && len(test.token) > 20 && strings.Contains(err.Error(), test.token[:20]) {
				t.Errorf("the error repeats the token: %v", err)
			}
		})
	}
	for _, keys := range [][]*rsa.PublicKey{nil, {nil}, {&otherKey().PublicKey}} {
		if _, err := Verify(good, time.Unix(50, 0), keys...); !errors.Is(err, ErrWrongSignature) {
			t.Errorf("with %d other keys: %v", len(keys), err)
		}
	}
}

// FuzzVerify: no text from outside makes Verify panic, and nothing but what was
// signed is accepted.
func FuzzVerify(f *testing.F) {
	good := forged(f, `{"alg":"RS256"}`, `{"exp":100,"iat":0,"sub":"u"}`)
	f.Add(good)
	f.Add("a.b.c")
	f.Add(rfcToken)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Verify(text, time.Unix(50, 0), &testKey().PublicKey); err == nil && text != good {
			t.Errorf("%q is accepted", text)
		}
	})
}

// FuzzClaims: a payload that can be read can be written, and means the same.
func FuzzClaims(f *testing.F) {
	text, err := everything.MarshalJSON()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"exp":1,"iat":0,"sub":"","access":{"pathPermissions":[{}],"tagPermissions":{}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var first, second Claims
		if first.UnmarshalJSON(text) != nil {
			return
		}
		again, err := first.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		if err := second.UnmarshalJSON(again); err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		third, err := second.MarshalJSON()
		if err != nil || string(third) != string(again) {
			t.Errorf("%s\n%s\n%v", again, third, err)
		}
	})
}
