"""The REST API's groundwork, and the registry's own addresses.

A collection is a viewset that names its row of access.yaml and the one visibility rule of its model:

    class AlertViewSet(ListMixin, RetrieveMixin, ApiViewSet[Alert]):
        resource = "alerts"                       # row of access.yaml; without it the build fails
        serializer_class = AlertSerializer        # StrictModelSerializer[Alert]
        filterset_class = AlertFilter             # django-filter; InFilter, ChoiceInFilter for comma lists
        ordering_fields = {"fired_at": "fired_at", "ticket": "ticket__external_id"}     # or a tuple of names
        ordering = ("-fired_at",)                 # the primary key is appended; NULL comes last
        search_fields = ("ticket__external_id",)  # small tables; search_vector = "search" for a tsvector column

        def get_queryset(self):
            return visible_alerts(self.actor).select_related("ticket")

        @extend_schema(request=EmptySerializer, responses=AlertSerializer)
        @action(detail=True, methods=["post"], access="transition")     # column of access.yaml
        def acknowledge(self, request, pk):
            self.valid(EmptySerializer)           # → validated dict; unknown keys are a 400
            alert = acknowledge_alert(actor=self.actor, alert=self.get_object())        # one service call
            return self.respond(alert)            # JSON + ETag; status=201, headers={"Location": …} for create

What comes with it: 401/403 from the table before any look-up, 405 for X, throttling, `limit/offset/cursor`, unknown
query parameters refused (`query_params = {"create": ("atomic",)}` allows more by action), `Idempotency-Key` on every
POST, `If-None-Match` on GET, and `If-Match`: `get_object()` of an unsafe method then locks the row and compares. Raise
a DomainError (or Http404, ValidationError …) and it is rendered; never build an error response by hand.

- `change(Serializer)`: body of a PATCH. `paginated(queryset, represent)`: a list inside an action; declare its
  parameters, `query_params = {"history": PAGING}`. `represent(objects)`: override for quick JSON; `etag(instance)`:
  override where the answer shows more than the row, `etag_exclude` for columns that do not count.
- Actions that differ by method: `access={"get": "list", "post": "create"}`, and `resource="comments"` for another row.
- Bodies for a decoder of your own: `raw_bodies = {"create": 10 * 1024 * 1024}` (action → limit) makes `request.data`
  the checked bytes.
- Files: `uploads = {"create": UploadRules(), "attachments": UploadRules(max_files=5)}` (action → rules of
  multipart.py) lets these actions take multipart/form-data beside JSON. `request.data` is then a plain dict: texts by
  name, those that the rules name in `lists` as lists, and an `Upload` for `file` (a list of them where `max_files` is
  above 1). Declare it in the serializer, `file = UploadField(required=False)`, and hand it to a service such as
  `attach_file(upload=…)`. It is closed, and what was not stored deleted, when the request ends. A session sends its
  CSRF token as X-CSRFToken.
- No collection: `ApiView` with `resource` and `access`; `is_public = True` only for what anonymous people may call.
- Answers with a secret that is shown once: `hidden_keys = ("token",)`, so that no stored answer holds it;
  `keeps_answers = False` where no answer may be stored at all.
- Each address gets a `Probe` in its package's `testing/probes.py`, from which the rights tests are generated.
- Register with a `SimpleRouter(trailing_slash=False, use_regex_path=False)` in the package's `api/urls.py`.
"""
