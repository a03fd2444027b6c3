// Package token issues JSON web tokens (JWTs) for Bytescale. With such a token, a
// browser or another service does what the token grants and nothing more: it
// uploads to one folder, or reads the private files of one user. The API key stays
// where it is.
//
// The account has an RSA key pair: the public key is registered in the dashboard,
// and the private key stays in the backend or in a key management service.
//
//	key, err := token.ParsePrivateKey(pem)
//	signer, err := token.NewSigner("A623uY2", key)
//
// A [Signer] makes the tokens:
//
//   - [Signer.Sign] makes one.
//   - [Handler] serves them to a page, at the address that the page passes to
//     AuthManager.beginAuthSession of the vendor's JavaScript SDK as authUrl.
//   - [Signer.Source] makes them for WithJWT of package bytescale.
//
// [Verify] checks a token as the service does. It is for emulators and tests.
package token
