package token

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

func TestParsePrivateKey(t *testing.T) {
	for _, blockType := range []string{"PRIVATE KEY", "RSA PRIVATE KEY"} {
		text := encode(t, blockType, testKey())
		key, err := ParsePrivateKey(append([]byte("some text before\n"), text...))
		if err != nil || !key.Equal(testKey()) {
			t.Errorf("%s: %v", blockType, err)
		}
	}
}

func TestParsePublicKey(t *testing.T) {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &testKey().PublicKey, testKey())
	if err != nil {
		t.Fatal(err)
	}
	for blockType, content := range map[string]any{
		"PUBLIC KEY": &testKey().PublicKey, "RSA PUBLIC KEY": &testKey().PublicKey, "CERTIFICATE": certificate,
	} {
		key, err := ParsePublicKey(encode(t, blockType, content))
		if err != nil || !key.Equal(&testKey().PublicKey) {
			t.Errorf("%s: %v", blockType, err)
		}
	}
}

func TestKeysRefused(t *testing.T) {
	t.Setenv("GODEBUG", "rsa1024min=0")
	short, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curvePublic, err := x509.MarshalPKIXPublicKey(&curve.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	passphrase := pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: []byte("x"),
	})
	private := func(text []byte) error { _, err := ParsePrivateKey(text); return err }
	public := func(text []byte) error { _, err := ParsePublicKey(text); return err }
	for name, err := range map[string]error{
		"nothing":                     private(nil),
		"no PEM":                      private([]byte("MIIEvQ==")),
		"public for private":          private(encode(t, "PUBLIC KEY", &testKey().PublicKey)),
		"OpenSSH":                     private(encode(t, "OPENSSH PRIVATE KEY", []byte("x"))),
		"encrypted PKCS#8":            private(encode(t, "ENCRYPTED PRIVATE KEY", []byte("x"))),
		"encrypted PKCS#1":            private(passphrase),
		"damaged PKCS#8":              private(encode(t, "PRIVATE KEY", []byte("x"))),
		"damaged PKCS#1":              private(encode(t, "RSA PRIVATE KEY", []byte("x"))),
		"ECDSA":                       private(encode(t, "PRIVATE KEY", curve)),
		"1024 bits":                   private(encode(t, "PRIVATE KEY", short)),
		"public: nothing":             public(nil),
		"public: private for public":  public(encode(t, "PRIVATE KEY", testKey())),
		"public: damaged PKIX":        public(encode(t, "PUBLIC KEY", []byte("x"))),
		"public: damaged PKCS#1":      public(encode(t, "RSA PUBLIC KEY", []byte("x"))),
		"public: damaged certificate": public(encode(t, "CERTIFICATE", []byte("x"))),
		"public: ECDSA":               public(encode(t, "PUBLIC KEY", curvePublic)),
		"public: 1024 bits":           public(encode(t, "PUBLIC KEY", &short.PublicKey)),
	} {
		wantArgument(t, name, "key", err)
	}
}
