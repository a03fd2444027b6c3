// Package bytescaletest is a fake of the Bytescale service for tests, as
// net/http/httptest is for HTTP: no account, no network, no waiting.
//
//	func TestAvatar(t *testing.T) {
//		srv := bytescaletest.NewServer(t)
//		users := NewUsers(srv.Client())
//
//		if err := users.SetAvatar(t.Context(), "anna", picture); err != nil {
//			t.Fatal(err)
//		}
//		file, ok := srv.File("/avatars/anna.png")
//		if !ok || !bytes.Equal(file.Bytes(), picture) {
//			t.Errorf("stored: %v", srv.Files())
//		}
//	}
//
// The server speaks HTTP like the real one: the ten operations of the API
// description, the PUTs of parts to signed URLs that expire, and downloads. It
// closes itself when the test is done. For programs there is [Start].
//
// # Strict
//
// Every exchange is held against the API description, and every part against
// the rules of object storage: ranges, lengths, etags, signatures, no chunked
// encoding, no credentials where they do not belong. What breaks a rule is
// answered with the right error and fails the test, even if the code under test
// hides it. [WithLenient] is for tests that break rules on purpose. Errors that are
// nobody's mistake fail nothing: a file that is not there, an expired URL, a
// wrong key, a path that is taken.
//
// # Faults
//
// [Server.Fail] scripts what goes wrong, as data: which request, when, and
// what. The hard case is an answer that is lost after the server has done its
// work; After in a [fault.Fault] is for that.
//
//	srv.Fail(fault.Fault{
//		Operation: "CompleteUploadPart", Occurrence: 2, After: true,
//		Kind: fault.Reset,
//	})
//
// A fault that never happens fails the test, so that a test cannot pass by
// missing what it is about.
//
// # Time
//
// With [WithMemoryNetwork] a server and its clients need no sockets, and work inside a
// [testing/synctest] bubble. There, an upload that waits an hour for a server
// that asks for it takes no time, and time can be asserted to the nanosecond:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithAPILatency(time.Second))
//		...
//	})
//
// # Limits
//
// The fake has the operations of this module's API description, not the whole
// service: no folders, no jobs, no image processing, no caching. All files are
// public. Signatures of JWTs are not checked, and a permission that a JWT grants
// for any path holds for all. Limits of accounts (plans, quotas, rates) do not
// exist; script them as faults. docs/fake.md has the whole list, with the error
// codes that are this module's own.
//
// Files live in memory unless [WithDiscard] drops them: each costs its size.
package bytescaletest
