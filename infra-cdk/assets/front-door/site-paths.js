// CloudFront runs this on each request for the site, and sends what the path stands for: a last
// segment with a dot in it names a file, all others are the site's own and begin at its one page.
// Done here, not by error pages, which would also rewrite what the API says.
function handler(event) {
  const request = event.request;
  if (!/\.[^/]*$/.test(request.uri)) request.uri = '/index.html';
  return request;
}
