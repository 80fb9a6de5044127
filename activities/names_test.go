package activities_test

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"drover/activities"
)

// Temporal finds the activity of a call by method value under the method's name.
func TestActivitiesAreRegisteredUnderTheNamesOfTheirMethods(t *testing.T) {
	t.Parallel()
	all := activities.New(activities.Dependencies{}).All()
	require.Len(t, all, 57)
	for name, method := range all {
		full := runtime.FuncForPC(reflect.ValueOf(method).Pointer()).Name()
		require.Equal(t, name, strings.TrimSuffix(full[strings.LastIndex(full, ".")+1:], "-fm"))
		typ := reflect.TypeOf(method)
		require.Equal(t, 2, typ.NumIn(), "%s takes a context and its input", name)
		require.NotEqual(t, reflect.Interface, typ.In(1).Kind(), name)
		require.LessOrEqual(t, typ.NumOut(), 2, name)
	}
}
