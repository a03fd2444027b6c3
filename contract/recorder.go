package contract

// Recorder notes what was exercised.
type Recorder struct{}

func (r *Recorder) note(x *exchange, a answer, requestValid, responseValid bool) {}
