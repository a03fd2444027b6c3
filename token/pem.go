package token

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
)

// ParsePrivateKey reads an RSA private key from PEM: PKCS#8 ("BEGIN PRIVATE KEY")
// or PKCS#1 ("BEGIN RSA PRIVATE KEY"), as openssl genrsa writes them, not encrypted
// and of at least 2048 bits. An [*ArgumentError] says what is wrong and shows
// nothing of the key.
func ParsePrivateKey(text []byte) (*rsa.PrivateKey, error) {
	block, err := block(text)
	if err != nil {
		return nil, err
	}
	var parsed any
	switch block.Type {
	case "PRIVATE KEY":
		parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, argumentError("key", "is PEM of a %q; expected is a PRIVATE KEY or an RSA PRIVATE KEY", block.Type)
	}
	if err != nil { // its text may hold a piece of the key
		return nil, argumentError("key", "is a damaged %s", block.Type)
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, argumentError("key", "is a %T, not an RSA key", parsed)
	}
	if err := checkSize(&key.PublicKey); err != nil {
		return nil, err
	}
	return key, nil
}

// ParsePublicKey reads an RSA public key from PEM: PKIX ("BEGIN PUBLIC KEY"),
// PKCS#1 ("BEGIN RSA PUBLIC KEY") or a certificate, of at least 2048 bits. It is for
// [Verify]. An error is an [*ArgumentError].
func ParsePublicKey(text []byte) (*rsa.PublicKey, error) {
	block, err := block(text)
	if err != nil {
		return nil, err
	}
	var parsed any
	switch block.Type {
	case "PUBLIC KEY":
		parsed, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		parsed, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var certificate *x509.Certificate
		if certificate, err = x509.ParseCertificate(block.Bytes); err == nil {
			parsed = certificate.PublicKey
		}
	default:
		return nil, argumentError("key", "is PEM of a %q; expected is a PUBLIC KEY, an RSA PUBLIC KEY or a CERTIFICATE", block.Type)
	}
	if err != nil {
		return nil, argumentError("key", "is a damaged %s", block.Type)
	}
	key, ok := parsed.(*rsa.PublicKey)
	if !ok {
		return nil, argumentError("key", "is a %T, not an RSA key", parsed)
	}
	if err := checkSize(key); err != nil {
		return nil, err
	}
	return key, nil
}

// block returns the first block of PEM in text.
func block(text []byte) (*pem.Block, error) {
	block, _ := pem.Decode(text)
	switch {
	case block == nil:
		return nil, argumentError("key", `is not PEM; it begins with a line such as "-----BEGIN PRIVATE KEY-----"`)
	case block.Type == "ENCRYPTED PRIVATE KEY", strings.Contains(block.Headers["Proc-Type"], "ENCRYPTED"):
		return nil, argumentError("key", "is encrypted with a passphrase; decrypt it with openssl pkey")
	}
	return block, nil
}
