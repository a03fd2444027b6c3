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
// The server speaks HTTP like the real service: all operations of the API
// description, and PUTs of parts to signed URLs that expire. It closes itself at the
// end of the test. Programs use [Start].
//
// # Strictness
//
// The server validates every exchange against the API description, and every PUT of a
// part against the rules of object storage: ranges, lengths, etags, signatures, no
// chunked encoding, no credentials. A request that breaks a rule is answered with the
// right error. It also fails the test, even if the code under test hides the error.
// [WithLenient] is for tests that break rules on purpose. Errors that correct code may
// get do not fail the test: a file that does not exist, an expired URL, a wrong key, a
// path that is taken.
//
// Requests must name localhost or a loopback address as their host. Others are
// refused with 421, as by the emulator.
//
// # Faults
//
// [Server.Fail] scripts what goes wrong: which request is hit, when, and by what. A
// [fault.Fault] is data. The hard case is an answer that is lost after the request was
// carried out; the field After is for that.
//
//	srv.Fail(fault.Fault{
//		Operation: "CompleteUploadPart", Occurrence: 2, After: true,
//		Kind: fault.Reset,
//	})
//
// A fault that never happens fails the test, because the test then did not test what
// it is about.
//
// # Time
//
// With [WithMemoryNetwork] a server and its clients need no sockets and work inside a
// [testing/synctest] bubble. There, an upload that waits an hour because the server
// asks for it takes no time, and a test can compare times to the nanosecond:
//
//	synctest.Test(t, func(t *testing.T) {
//		srv := bytescaletest.NewServer(t, bytescaletest.WithMemoryNetwork(), bytescaletest.WithAPILatency(time.Second))
//		...
//	})
//
// # State
//
// [Server.AddFile], [Server.AddFolder] and [Server.PutJob] put the server into a state;
// [Server.Files], [Server.Folders] and [Server.Jobs] look at it. Jobs are done at once;
// with [WithJobSteps] they go on only when they are looked at. Transformations leave
// files as they are unless [WithProcessor] says otherwise.
//
// # Limits
//
// The server transforms nothing by itself, and has no caches and no external storage. It checks
// the signatures of JWTs only with [WithJWTKeys], and those of URLs only with [WithURLKeys]. It
// has no limits of accounts (plans, quotas, rates); script them as faults. docs/fake.md has the
// whole list, what is not documented and decided by us, and the error codes.
//
// Files are kept in memory, and each costs its size. [WithDiscard] drops the bytes.
package bytescaletest
