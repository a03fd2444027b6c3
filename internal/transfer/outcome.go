package transfer

// outcome is what is known about the file that an upload makes.
type outcome int

const (
	// notFinished means that the completion that makes the file was not sent. There
	// is no file.
	notFinished outcome = iota
	// finishing means that this completion may have been sent, and was not carried
	// out as far as the service said.
	finishing
	// unknown means that it may have been carried out, because its answer was lost.
	unknown
	// stored means that the file exists.
	stored
)

// MayExist reports whether the file may be stored although the upload failed.
func (u *Upload) MayExist() bool { return u.outcome == unknown || u.outcome == stored }

func (u *Upload) setOutcome(o outcome) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.outcome = o
}

// answerLost notes that the answer to the completion that makes the file was lost, if that
// completion was sent.
func (u *Upload) answerLost() { u.replaceOutcome(finishing, unknown) }

// settle notes that the service was asked and has not carried that completion out.
func (u *Upload) settle() { u.replaceOutcome(unknown, finishing) }

func (u *Upload) replaceOutcome(from, to outcome) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.outcome == from {
		u.outcome = to
	}
}
