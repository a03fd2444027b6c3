package main

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"fmt"
	"os"

	"github.com/c88edac7/bytescale-go"
	"github.com/c88edac7/bytescale-go/bytescaletest"
	"github.com/c88edac7/bytescale-go/cdn"
	"github.com/c88edac7/bytescale-go/gen"
	"github.com/c88edac7/bytescale-go/token"
)

// account is an account of Bytescale with its keys.
type account struct {
	apiURL    string
	publicKey string            // for the page; everybody can see it
	client    *bytescale.Client // with a secret key, for the backend
	links     cdn.Links
	urlKey    cdn.Key       // signs links to private files
	signer    *token.Signer // makes the tokens of users
	close     func()
}

// realAccount reads the account from the environment:
//
//	BYTESCALE_API_KEY         a secret API key
//	BYTESCALE_PUBLIC_KEY      a public API key
//	BYTESCALE_API_KEY_ID      the id of an API key, and
//	BYTESCALE_SECURE_URL_KEY  its Secure URL Key
//	BYTESCALE_JWT_KEY         the file with the RSA private key of the account's tokens
func realAccount() (*account, error) {
	client, err := bytescale.NewClient(os.Getenv("BYTESCALE_API_KEY"))
	if err != nil {
		return nil, err
	}
	urlKey, err := cdn.NewKey(os.Getenv("BYTESCALE_API_KEY_ID"), os.Getenv("BYTESCALE_SECURE_URL_KEY"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(os.Getenv("BYTESCALE_JWT_KEY"))
	if err != nil {
		return nil, err
	}
	private, err := token.ParsePrivateKey(text)
	if err != nil {
		return nil, err
	}
	signer, err := token.NewSigner(client.AccountID(), private)
	if err != nil {
		return nil, err
	}
	return &account{
		apiURL:    bytescale.DefaultAPIURL,
		publicKey: os.Getenv("BYTESCALE_PUBLIC_KEY"),
		client:    client,
		links:     cdn.Links{AccountID: client.AccountID()},
		urlKey:    urlKey,
		signer:    signer,
		close:     client.CloseIdleConnections,
	}, nil
}

// emulatedAccount is an account of an emulator, with keys that are made up.
func emulatedAccount() (*account, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	urlKey, err := cdn.NewKey("BMCyGyFk", base64.StdEncoding.EncodeToString(secret))
	if err != nil {
		return nil, err
	}
	emulator, err := bytescaletest.Start(bytescaletest.WithJWTKeys(&private.PublicKey), bytescaletest.WithURLKeys(urlKey))
	if err != nil {
		return nil, err
	}
	fmt.Println("The emulator is at", emulator.URL())
	signer, err := token.NewSigner(emulator.AccountID(), private)
	if err != nil {
		return nil, err
	}
	return &account{
		apiURL:    emulator.URL(),
		publicKey: "public_" + emulator.AccountID() + "example",
		client:    emulator.Client(),
		links:     cdn.Links{AccountID: emulator.AccountID(), CDNURL: emulator.URL()},
		urlKey:    urlKey,
		signer:    signer,
		close:     func() { _ = emulator.Close() },
	}, nil
}

// makePrivate makes a folder whose files only those can read who may.
func (a *account) makePrivate(ctx context.Context, folder string) error {
	nothing := gen.PublicPermissionsList{}
	response, err := a.client.API().PutFolderWithResponse(ctx, a.client.AccountID(), gen.PutFolderRequest{
		FolderPath:     folder,
		FolderSettings: gen.PatchFolderSettings{PublicPermissions: &gen.UpdatablePublicPermissions{Set: true, Value: nothing}},
	})
	if err != nil {
		return err
	}
	if response.JSON200 == nil {
		return fmt.Errorf("making %s private: %s", folder, response.Status())
	}
	return nil
}
