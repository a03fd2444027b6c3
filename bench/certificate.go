//go:build unix

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// certificate is the servers' own, for TLS on loopback: files in PEM.
type certificate struct{ cert, key string }

// trusting is the environment in which Go programs (not on macOS, where they ask
// the system) and Node trust the certificate.
func (c certificate) trusting() []string {
	return append(os.Environ(), "SSL_CERT_FILE="+c.cert, "NODE_EXTRA_CA_CERTS="+c.cert)
}

// client trusts the certificate.
func (c certificate) client() (*http.Client, error) {
	text, err := os.ReadFile(c.cert)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}, nil
}

func newCertificate(dir string) (certificate, error) {
	c := certificate{cert: filepath.Join(dir, "cert.pem"), key: filepath.Join(dir, "key.pem")}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return c, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "bench"}, // curl refuses one without
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA:                  true,
		BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return c, err
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return c, err
	}
	return c, errors.Join(writePEM(c.cert, "CERTIFICATE", cert), writePEM(c.key, "PRIVATE KEY", key))
}

func writePEM(path, kind string, content []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600)
}
