package token

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"sync"
	"testing"
)

const account = "A623uY2"

// testKey is the key of RFC 7515, appendix A.2, which everybody has.
var testKey = sync.OnceValue(func() *rsa.PrivateKey {
	number := func(text string) *big.Int {
		decoded, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			panic(err)
		}
		return new(big.Int).SetBytes(decoded)
	}
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: number(rfcN), E: 65537},
		D:         number(rfcD),
		Primes:    []*big.Int{number(rfcP), number(rfcQ)},
	}
	key.Precompute()
	if err := key.Validate(); err != nil {
		panic(err)
	}
	return key
})

// otherKey is a key that nothing is signed with.
var otherKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func newSigner(t testing.TB, opts ...Option) *Signer {
	t.Helper()
	signer, err := NewSigner(account, testKey(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// wantArgument checks for an ArgumentError about field.
func wantArgument(t *testing.T, name, field string, err error) {
	t.Helper()
	var argument *ArgumentError
	if !errors.As(err, &argument) || argument.Field != field || argument.Reason == "" {
		t.Errorf("%s: %v; want an ArgumentError for %s", name, err, field)
	}
}

// encode writes a key as PEM.
func encode(t *testing.T, blockType string, key any) []byte {
	t.Helper()
	var der []byte
	var err error
	switch key := key.(type) {
	case *rsa.PrivateKey:
		der = x509.MarshalPKCS1PrivateKey(key)
		if blockType == "PRIVATE KEY" {
			der, err = x509.MarshalPKCS8PrivateKey(key)
		}
	case *rsa.PublicKey:
		der = x509.MarshalPKCS1PublicKey(key)
		if blockType == "PUBLIC KEY" {
			der, err = x509.MarshalPKIXPublicKey(key)
		}
	case []byte:
		der = key
	default:
		der, err = x509.MarshalPKCS8PrivateKey(key)
	}
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: blockType, Bytes: der})
}
