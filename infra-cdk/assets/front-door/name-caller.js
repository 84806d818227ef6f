// CloudFront runs this on each request for the API, and says who calls. What the caller itself says
// under that name is overwritten. The API believes it when the origin's secret comes with it, which
// CloudFront adds later and a function cannot see.
function handler(event) {
  const request = event.request;
  request.headers['x-client-address'] = { value: event.viewer.ip };
  return request;
}
